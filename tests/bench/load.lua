-- Calls of one tool, one after the other on each connection. Arguments, both optional: sessions to
-- call in turn, each call then with an id of its own, since no two in flight may have the same.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept"] = "application/json, text/event-stream"
wrk.headers["MCP-Protocol-Version"] = "2025-11-25"

local body = '{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello, world"}}}'
local sessions, number = {}, 1
wrk.body = string.format(body, number)

function init(arguments)
  sessions = arguments
  whole = wrk.format()
end

function request()
  if #sessions == 0 then return whole end
  number = number + 1
  wrk.headers["Mcp-Session-Id"] = sessions[number % #sessions + 1]
  return wrk.format(nil, nil, nil, string.format(body, number))
end

function done(summary, latency, requests)
  local errors = summary.errors
  local failed = {}
  for _, kind in ipairs({"connect", "read", "write", "status", "timeout"}) do
    failed[#failed + 1] = string.format('"%s":%d', kind, errors[kind])
  end
  io.write(string.format(
    '\nsummary {"calls":%d,"microseconds":%d,"bytes":%d,"failed":{%s},"p50":%d,"p99":%d}\n',
    summary.requests,
    summary.duration,
    summary.bytes,
    table.concat(failed, ","),
    latency:percentile(50),
    latency:percentile(99)
  ))
end
