"""What is measured, as PromQL over the catalogue's series: calls, tools, proxies, pods."""
