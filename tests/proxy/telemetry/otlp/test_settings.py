"""Telemetry settings: the standard variables, checked once, each mistake one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import SettingsError
from proxy.telemetry.otlp.settings import BatchSettings, OtlpSettings, Protocol, parse
from proxy.telemetry.tracing.sampler import Sampler

METRICS = "OTEL_EXPORTER_OTLP_METRICS"
ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}


def test_nothing_is_pushed_when_nothing_is_configured() -> None:
    settings = parse({})
    assert (settings.traces, settings.metrics, settings.logs) == (None, None, None)
    assert settings.server == "mcp-server"
    assert settings.sampler == Sampler(1.0, parent_based=True)
    assert settings.span_batch == BatchSettings(2048, 512, 5.0)
    assert settings.log_batch == BatchSettings(2048, 512, 1.0)
    assert settings.metric_interval_seconds == 60.0


def test_an_endpoint_alone_pushes_traces_and_metrics_below_it() -> None:
    settings = parse(ENDPOINT)
    assert settings.traces == OtlpSettings(
        "http://collector:4318/v1/traces", Protocol.HTTP, (), 10.0, "none"
    )
    assert settings.metrics is not None
    assert settings.metrics.endpoint == "http://collector:4318/v1/metrics"
    assert settings.logs is None


@pytest.mark.parametrize(
    ("asked", "endpoint"),
    [
        ({"OTEL_LOGS_EXPORTER": "otlp"}, "http://localhost:4318/v1/logs"),
        ({**ENDPOINT, "OTEL_LOGS_EXPORTER": "console,otlp"}, "http://collector:4318/v1/logs"),
        ({**ENDPOINT, "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://loki/otlp"}, "http://loki/otlp"),
    ],
)
def test_logs_are_pushed_if_they_are_asked_for(asked: dict[str, str], endpoint: str) -> None:
    settings = parse(asked)
    assert settings.logs is not None
    assert settings.logs.endpoint == endpoint


@pytest.mark.parametrize("exporter", ["none", "console"])
def test_logs_are_not_pushed_by_other_exporters_than_otlp(exporter: str) -> None:
    own = {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://loki/otlp"}
    assert parse({**own, "OTEL_LOGS_EXPORTER": exporter}).logs is None


def test_logs_have_variables_of_their_own() -> None:
    settings = parse(
        {
            **ENDPOINT,
            "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "https://loki:1/in",
            "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "grpc",
            "OTEL_EXPORTER_OTLP_LOGS_HEADERS": "tenant=a",
            "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION": "gzip",
            "OTEL_BLRP_EXPORT_TIMEOUT": "250",
            "OTEL_BLRP_MAX_QUEUE_SIZE": "100",
            "OTEL_BLRP_SCHEDULE_DELAY": "20",
        }
    )
    own = OtlpSettings("https://loki:1/in", Protocol.GRPC, (("tenant", "a"),), 0.25, "gzip")
    assert settings.logs == own
    assert settings.log_batch == BatchSettings(100, 100, 0.02)
    assert settings.span_batch == BatchSettings(2048, 512, 5.0)


def test_a_signals_own_endpoint_is_used_as_it_stands() -> None:
    settings = parse({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://traces:1/in"})
    assert settings.traces is not None
    assert settings.traces.endpoint == "https://traces:1/in"
    assert settings.metrics is None


def test_grpc_takes_the_endpoint_without_a_path() -> None:
    settings = parse({**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    assert settings.metrics is not None
    assert settings.metrics.endpoint == "http://collector:4318"
    assert settings.metrics.protocol is Protocol.GRPC


def test_a_signals_own_variables_win_over_the_shared_ones() -> None:
    settings = parse(
        {
            **ENDPOINT,
            "OTEL_EXPORTER_OTLP_HEADERS": "tenant=a",
            "OTEL_EXPORTER_OTLP_METRICS_HEADERS": "tenant=b,api-key=x%3Dy",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "2000",
            "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "500",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        }
    )
    assert settings.traces is not None
    assert settings.metrics is not None
    assert settings.traces.headers == (("tenant", "a"),)
    assert settings.metrics.headers == (("tenant", "b"), ("api-key", "x=y"))
    assert (settings.traces.timeout_seconds, settings.metrics.timeout_seconds) == (0.5, 2.0)
    assert settings.metrics.compression == "gzip"


@pytest.mark.parametrize("exporter", ["none", "prometheus"])
def test_metrics_are_not_pushed_by_other_exporters_than_otlp(exporter: str) -> None:
    settings = parse({**ENDPOINT, "OTEL_METRICS_EXPORTER": exporter})
    assert settings.metrics is None
    assert settings.traces is not None


@pytest.mark.parametrize(
    ("protocol", "endpoint"),
    [("http/protobuf", "http://localhost:4318/v1/traces"), ("grpc", "http://localhost:4317")],
)
def test_otlp_named_explicitly_has_the_standard_endpoint(protocol: str, endpoint: str) -> None:
    named = {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
    settings = parse(named)
    assert settings.traces is not None
    assert settings.traces.endpoint == endpoint
    assert settings.metrics is None


def test_a_disabled_sdk_pushes_nothing() -> None:
    settings = parse({**ENDPOINT, "OTEL_LOGS_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "true"})
    assert (settings.traces, settings.metrics, settings.logs) == (None, None, None)


@pytest.mark.parametrize(
    ("environment", "server", "label", "service"),
    [
        ({}, None, "mcp-server", "mcp-server"),
        ({"OTEL_SERVICE_NAME": "fetch"}, None, "fetch", "fetch"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=time"}, None, "time", "time"),
        (
            {"OTEL_SERVICE_NAME": "fetch", "OTEL_RESOURCE_ATTRIBUTES": "service.name=time"},
            None,
            "fetch",
            "fetch",
        ),
        ({}, "echo", "echo", "echo"),
        ({"OTEL_SERVICE_NAME": "fetch"}, "echo", "echo", "fetch"),
    ],
)
def test_the_server_and_the_service_share_a_name_by_default(
    environment: dict[str, str], server: str | None, label: str, service: str
) -> None:
    settings = parse(environment, server)
    assert settings.server == label
    assert dict(settings.resource)["service.name"] == service


def test_resource_attributes_are_percent_decoded() -> None:
    settings = parse({"OTEL_RESOURCE_ATTRIBUTES": "k8s.pod.name=p-1, team=a%2Cb ,"})
    assert dict(settings.resource).items() >= {"k8s.pod.name": "p-1", "team": "a,b"}.items()


@pytest.mark.parametrize(
    ("name", "argument", "sampler"),
    [
        ("always_on", "", Sampler(1.0, parent_based=False)),
        ("always_off", "", Sampler(0.0, parent_based=False)),
        ("traceidratio", "0.25", Sampler(0.25, parent_based=False)),
        ("parentbased_always_off", "", Sampler(0.0, parent_based=True)),
        ("parentbased_traceidratio", "0.05", Sampler(0.05, parent_based=True)),
        ("traceidratio", "", Sampler(1.0, parent_based=False)),
    ],
)
def test_the_samplers_of_the_specification_are_known(
    name: str, argument: str, sampler: Sampler
) -> None:
    given = {"OTEL_TRACES_SAMPLER": name, "OTEL_TRACES_SAMPLER_ARG": argument}
    assert parse(given).sampler == sampler


def test_the_batch_processors_variables_are_honoured() -> None:
    settings = parse(
        {
            "OTEL_BSP_MAX_QUEUE_SIZE": "100",
            "OTEL_BSP_SCHEDULE_DELAY": "250",
            "OTEL_METRIC_EXPORT_INTERVAL": "1000",
        }
    )
    assert settings.span_batch == BatchSettings(100, 100, 0.25)
    assert settings.metric_interval_seconds == 1.0


@pytest.mark.parametrize(
    ("environment", "traces", "metrics"),
    [
        ({}, 10.0, 10.0),
        ({"OTEL_EXPORTER_OTLP_TIMEOUT": "60000"}, 30.0, 30.0),
        ({"OTEL_BSP_EXPORT_TIMEOUT": "1500"}, 1.5, 10.0),
        ({"OTEL_METRIC_EXPORT_TIMEOUT": "1500"}, 10.0, 1.5),
        ({"OTEL_EXPORTER_OTLP_METRICS_TIMEOUT": "500"}, 10.0, 0.5),
    ],
)
def test_the_shortest_of_the_timeouts_of_an_export_holds(
    environment: dict[str, str], traces: float, metrics: float
) -> None:
    settings = parse({**ENDPOINT, **environment})
    assert settings.traces is not None
    assert settings.metrics is not None
    assert (settings.traces.timeout_seconds, settings.metrics.timeout_seconds) == (traces, metrics)


@pytest.mark.parametrize(
    ("filter", "exemplars"), [("", True), ("trace_based", True), ("always_off", False)]
)
def test_exemplars_can_be_turned_off(filter: str, exemplars: bool) -> None:
    assert parse({"OTEL_METRICS_EXEMPLAR_FILTER": filter}).exemplars is exemplars


def test_what_the_proxy_does_anyway_may_be_said() -> None:
    said = {
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_PROPAGATORS": "tracecontext,baggage",
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "Cumulative",
        "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": "explicit_bucket_histogram",
    }
    assert parse(said) == parse({})


def test_neither_headers_nor_a_query_are_shown() -> None:
    settings = parse(
        {
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://h:4318/v1/traces?key=s3cret",
            "OTEL_EXPORTER_OTLP_HEADERS": "api-key=s3cret",
        }
    )
    assert settings.traces is not None
    assert settings.traces.log_name == "https://h:4318/v1/traces"
    assert "api-key" not in repr(settings)


@pytest.mark.parametrize(
    "headers",
    ["s3cret", "a=1,s3cret", "key=s3cret%0d%0ax: y", "key=s3cret%00", "a b=s3cret", "key=s3cretß"],
)
def test_an_error_in_the_headers_does_not_show_their_values(headers: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse({**ENDPOINT, "OTEL_EXPORTER_OTLP_HEADERS": headers})
    message = str(refused.value)
    assert message.startswith("OTEL_EXPORTER_OTLP_HEADERS: ")
    assert "s3cret" not in message
    assert "\n" not in message


def test_credentials_in_an_endpoint_are_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError) as refused:
        parse({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://me:s3cret@collector:4318"})
    assert "s3cret" not in str(refused.value)


RATIO = {"OTEL_TRACES_SAMPLER": "traceidratio"}


@pytest.mark.parametrize(
    ("environment", "value", "allowed"),
    [
        ({"OTEL_TRACES_SAMPLER": "sometimes"}, "sometimes", "parentbased_traceidratio"),
        ({**RATIO, "OTEL_TRACES_SAMPLER_ARG": "1.5"}, "1.5", "0 to 1"),
        ({**RATIO, "OTEL_TRACES_SAMPLER_ARG": "nan"}, "nan", "0 to 1"),
        ({**RATIO, "OTEL_TRACES_SAMPLER_ARG": "half"}, "half", "0 to 1"),
        ({"OTEL_TRACES_EXPORTER": "jaeger"}, "jaeger", "otlp, none"),
        ({"OTEL_METRICS_EXPORTER": "otlp,statsd"}, "statsd", "otlp, prometheus, none"),
        ({**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, "http/json", "grpc"),
        ({**ENDPOINT, "OTEL_EXPORTER_OTLP_COMPRESSION": "zip"}, "zip", "none, gzip, deflate"),
        ({**ENDPOINT, "OTEL_EXPORTER_OTLP_TIMEOUT": "10s"}, "10s", "milliseconds"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4318/\r\nx:y"}, "http://h:4318/\r\nx:y", "http"),
        ({"OTEL_METRIC_EXPORT_INTERVAL": "9" * 5000}, "9" * 5000, "above 0"),
        ({"OTEL_METRICS_EXEMPLAR_FILTER": "always_on"}, "always_on", "trace_based, always_off"),
        (
            {"OTEL_TRACES_SAMPLER": "xray"},
            "xray",
            "ratio",
        ),
        ({"OTEL_LOGS_EXPORTER": "logging"}, "logging", "otlp, console, none"),
        ({"OTEL_PROPAGATORS": "tracecontext,b3"}, "b3", "tracecontext, baggage"),
        ({"OTEL_CONFIG_FILE": "otel.yaml"}, "otel.yaml", "the other variables"),
        ({f"{METRICS}_TEMPORALITY_PREFERENCE": "delta"}, "delta", "cumulative"),
        (
            {f"{METRICS}_DEFAULT_HISTOGRAM_AGGREGATION": "base2_exponential_bucket_histogram"},
            "base2_exponential_bucket_histogram",
            "explicit_bucket_histogram",
        ),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317"}, "collector:4317", "http://"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://"}, "http://", "http://127"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:99999"}, "http://h:99999", "http://127"),
        ({"OTEL_METRIC_EXPORT_INTERVAL": "0"}, "0", "above 0"),
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "-1"}, "-1", "above 0"),
        ({"OTEL_BSP_SCHEDULE_DELAY": "soon"}, "soon", "milliseconds"),
        ({"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "4096"}, "4096", "OTEL_BSP_MAX_QUEUE_SIZE"),
        ({"OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": "4096"}, "4096", "OTEL_BLRP_MAX_QUEUE_SIZE"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "team"}, "team", "key=value"),
        ({"OTEL_SDK_DISABLED": "yes"}, "yes", "true, false"),
    ],
)
def test_a_mistake_is_one_line_with_variable_value_and_what_is_allowed(
    environment: dict[str, str], value: str, allowed: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        parse(environment)
    message = str(refused.value)
    assert list(environment)[-1] in message
    assert repr(value) in message
    assert allowed in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("variable", "value"),
    [("OTEL_SERVICE_NAME", "a`b"), ("OTEL_RESOURCE_ATTRIBUTES", "service.name=a`b")],
)
def test_a_servers_name_that_boards_cannot_select_is_refused(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable}: 'a`b' is not allowed: use a name "):
        parse({variable: value})


def test_empty_variables_count_as_unset() -> None:
    assert parse({"OTEL_TRACES_SAMPLER": "", "OTEL_EXPORTER_OTLP_ENDPOINT": " "}) == parse({})


VARIABLES = (
    "OTEL_SDK_DISABLED", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_TRACES_EXPORTER",
    "OTEL_METRICS_EXPORTER", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_METRIC_EXPORT_INTERVAL", "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_SCHEDULE_DELAY",
    *(f"OTEL_EXPORTER_OTLP_{each}" for each in (
        "ENDPOINT", "PROTOCOL", "HEADERS", "TIMEOUT", "COMPRESSION", "CERTIFICATE", "CLIENT_KEY",
    )),
)  # fmt: skip
TEXT = st.text(st.characters(exclude_characters="\0"), max_size=20)


@given(st.dictionaries(st.sampled_from(VARIABLES), TEXT | st.sampled_from(["otlp", "grpc", "1"])))
def test_any_variables_are_settings_or_one_line(variables: dict[str, str]) -> None:
    try:
        parse(variables)
    except SettingsError as error:
        message = str(error)
    else:
        message = ""
    assert len(message.splitlines()) <= 1
