-- Loaded by wrk: a request with a body when one is asked for, and a line of JSON at the end, since wrk itself prints no
-- p99.9. Arguments: METHOD BODY_BYTES
function init(args)
  wrk.method = args[1]
  local bytes = tonumber(args[2])
  if bytes > 0 then wrk.body = string.rep("x", bytes) end
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format(
    '\n{"requests":%d,"bytes":%d,"micros":%d,"failed":%d,"p50":%d,"p90":%d,"p99":%d,"p999":%d}\n',
    summary.requests, summary.bytes, summary.duration, failed,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency:percentile(99.9)))
end
