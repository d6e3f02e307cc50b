-- Commands for wrk: `wrk -s commands.lua URL -- CASE TOKEN PREFIX`. One thread: the counters are its own.
-- metric: every command a new aggregate; mixed: one create, nine changes; hot: all change one aggregate;
-- duplicate: every command twice under one key.

local case, token, prefix
local n = -1

local function uuid(number)
    return string.format("%s-%012x", prefix, number)
end

local function post(name, body, key)
    return wrk.format("POST", "/v1/commands/" .. name, {
        ["Authorization"] = "Bearer " .. token,
        ["Content-Type"] = "application/json",
        ["Idempotency-Key"] = key,
    }, body)
end

local function metric(number)
    return "RecordMetric", string.format(
        '{"name":"latency","value":%d.5,"unit":"ms","tags":{"host":"h%d","zone":"a"},"source":"bench","timestamp":"2026-01-01T00:00:00Z"}',
        number % 1000, number % 50)
end

-- Changes go to a project that was created long enough ago to be answered; the first ones are there before.
local prepared = 300

local function mixed(number)
    local turn, step = math.floor(number / 10), number % 10
    if step == 0 then
        return "CreateProject", string.format('{"projectId":"%s-p%d","name":"Project %d","description":"made by the benchmark"}', prefix, turn, turn)
    end
    local project = prefix .. "-p" .. (turn - prepared)
    if step == 1 then
        return "AddService", string.format('{"projectId":"%s","serviceId":"s-%s","serviceName":"billing","serviceType":"API","configuration":{"port":8080}}', project, project)
    elseif step % 2 == 0 then
        return "RenameProject", string.format('{"projectId":"%s","name":"Renamed %d"}', project, number)
    end
    return "DescribeProject", string.format('{"projectId":"%s","description":"what it is for, said at %d"}', project, number)
end

local function hot(number)
    return "RenameProject", string.format('{"projectId":"%s","name":"Renamed %d"}', "hot-" .. prefix, number)
end

local cases = { metric = metric, mixed = mixed, hot = hot, duplicate = metric }

function init(arguments)
    case, token, prefix = arguments[1], arguments[2], arguments[3]
end

-- wrk asks once for a request that it does not send.
function request()
    local sent = math.max(n, 0)
    local number = case == "duplicate" and math.floor(sent / 2) or sent
    n = n + 1
    local name, body = cases[case](number)
    return post(name, body, uuid(number))
end

local created, other = 0, 0

function response(status, headers, body)
    if status == 201 or status == 200 then
        created = created + 1
    else
        other = other + 1
        if other <= 3 then
            io.stderr:write(status, " ", body, "\n")
        end
    end
    wrk.thread:set("created", created)
    wrk.thread:set("other", other)
end

local threads = {}

function setup(thread)
    table.insert(threads, thread)
end

function done(summary, latency, requests)
    local good, bad = 0, 0
    for _, thread in ipairs(threads) do
        good = good + (tonumber(thread:get("created")) or 0)
        bad = bad + (tonumber(thread:get("other")) or 0)
    end
    io.write(string.format('RESULT {"seconds":%.6f,"requests":%d,"good":%d,"bad":%d,"p50_ms":%.3f,"p99_ms":%.3f,"errors":%d}\n',
        summary.duration / 1e6, summary.requests, good, bad, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
