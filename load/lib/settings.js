// SPDX-License-Identifier: MIT
// What the environment says of a run: where, how much, for how long, as whom. docs/LOAD.md has the
// table. A value that makes no sense ends the run before its first request.

function text(name, fallback) {
    const value = __ENV[name];
    return value === undefined || value === '' ? fallback : value;
}

function number(name, fallback, least, most) {
    const value = Number(text(name, fallback));
    if (!Number.isFinite(value) || value < least || value > most) {
        throw new Error(`${name} must be a number from ${least} to ${most}, not "${__ENV[name]}"`);
    }
    return value;
}

function choice(name, words) {
    const value = text(name, words[0]);
    if (!words.includes(value)) {
        throw new Error(`${name} must be one of ${words.join(', ')}, not "${value}"`);
    }
    return value;
}

// "90s", "5m", "1h30m": seconds.
function seconds(name, fallback, least) {
    const value = text(name, fallback);
    const parts = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(value);
    const [hours, minutes, rest] = (parts || []).slice(1).map((part) => Number(part || 0));
    const total = hours * 3600 + minutes * 60 + rest;
    if (!(total >= least)) {
        throw new Error(`${name} must be a duration from ${least}s such as 5m, not "${value}"`);
    }
    return total;
}

export const settings = {
    url: text('LOAD_URL', 'http://127.0.0.1:8080').replace(/\/+$/, ''),
    // Iterations begun in each second, whether or not earlier ones have ended.
    rate: number('LOAD_RATE', '20', 0.1, 20000),
    durationS: seconds('LOAD_DURATION', '30s', 1),
    warmS: seconds('LOAD_WARM', '5s', 0),
    profile: choice('LOAD_PROFILE', ['constant', 'stress']),
    // Enough that a second's standstill is measured as waiting and not hidden as iterations that
    // never began; a server may bound the connections of one address (Aurora: 1,024).
    users: number('LOAD_USERS', '0', 0, 20000),
    // Limits of latency in milliseconds for all flows; 0 keeps each flow's own.
    p95: number('LOAD_P95', '0', 0, 600000),
    p99: number('LOAD_P99', '0', 0, 600000),
    // How late an iteration may begin, in milliseconds at the 99th percentile.
    lag: number('LOAD_LAG', '250', 1, 60000),
    token: text('LOAD_TOKEN', ''),
    secret: text('LOAD_SECRET', ''),
    // Whether articles of the test's own, with stock, may be put into the catalogue.
    prepare: choice('LOAD_PREPARE', ['yes', 'no']) === 'yes',
    skus: text('LOAD_SKUS', '').split(',').filter((sku) => sku !== ''),
    summary: text('LOAD_SUMMARY', ''),
};

if (!/^https?:\/\/[^/]+/.test(settings.url)) {
    throw new Error(`LOAD_URL must begin with http:// or https://, not "${settings.url}"`);
}
if (settings.token !== '' && settings.secret !== '') {
    throw new Error('LOAD_TOKEN and LOAD_SECRET exclude each other');
}
