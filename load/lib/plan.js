// SPDX-License-Identifier: MIT
// How a run is driven and what it must hold: scenarios and thresholds of k6 out of the settings.

import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';
import { settings } from './settings.js';

const USERS_MAX = 900;
const ROOM_S = 2; // between the end of the warm-up and the measured part: what has begun may end

// How late an iteration began, against the schedule that the rate makes. k6 measures from a
// request's beginning: were its own machine too slow to begin in time, no latency would show it.
const startLag = new Trend('start_lag', true);
const scriptErrors = new Counter('script_errors');

function perMinute(rate) {
    return Math.max(1, Math.round(rate * 60));
}

function users(rate) {
    return settings.users > 0 ? settings.users : Math.min(USERS_MAX, Math.ceil(rate) + 10);
}

function constant(name, rate, phase, startS, durationS) {
    return {
        executor: 'constant-arrival-rate',
        exec: name,
        rate: perMinute(rate),
        timeUnit: '1m',
        duration: `${durationS}s`,
        startTime: `${startS}s`,
        preAllocatedVUs: users(rate),
        gracefulStop: phase === 'warm' ? `${ROOM_S}s` : '45s',
        tags: { flow: name, phase },
    };
}

// From half the rate in steps up to four times it, and back: where does it begin to wait?
function stress(name, rate, startS) {
    const steps = [1, 1.5, 2, 3, 4, 1];
    const target = (step) => perMinute(rate * step);
    const each = Math.max(1, Math.round(settings.durationS / steps.length));
    return {
        ...constant(name, rate * 4, 'measured', startS, 1),
        executor: 'ramping-arrival-rate',
        rate: undefined,
        duration: undefined,
        startRate: target(0.5),
        stages: steps.map((step) => ({ target: target(step), duration: `${each}s` })),
    };
}

function scenarios(flows) {
    const all = {};
    const startS = settings.warmS > 0 ? settings.warmS + ROOM_S : 0;
    for (const flow of flows) {
        const rate = settings.rate * flow.share;
        if (settings.warmS > 0) {
            all[`${flow.name}_warm`] = constant(flow.name, rate, 'warm', 0, settings.warmS);
        }
        all[flow.name] = settings.profile === 'stress' ? stress(flow.name, rate, startS)
            : constant(flow.name, rate, 'measured', startS, settings.durationS);
    }
    return all;
}

function thresholds(flows) {
    const all = {};
    for (const flow of flows) {
        const of = (metric) => `${metric}{flow:${flow.name},phase:measured}`;
        const p95 = settings.p95 || flow.p95;
        const p99 = settings.p99 || Math.max(flow.p99, p95);
        all[of('http_req_duration')] = [`p(95)<${p95}`, `p(99)<${p99}`];
        all[of('http_req_failed')] = ['rate<0.001'];
        all[of('checks')] = ['rate==1'];
        all[of('http_reqs')] = ['count>0'];
        all[of('script_errors')] = ['count==0'];
        if (settings.profile === 'constant') {
            // k6 tags what it dropped with the scenario and with nothing of ours.
            all[`dropped_iterations{scenario:${flow.name}}`] = ['count==0'];
            all[of('start_lag')] = [`p(99)<${settings.lag}`];
        }
    }
    return all;
}

// plan([{name, share, p95, p99}]): the options of a script whose exported functions are the names.
export function plan(flows) {
    return {
        scenarios: scenarios(flows),
        thresholds: thresholds(flows),
        summaryTrendStats: ['avg', 'min', 'med', 'p(90)', 'p(95)', 'p(99)', 'max', 'count'],
        systemTags: ['name', 'method', 'status', 'scenario', 'expected_response', 'check', 'group'],
        setupTimeout: '120s',
        userAgent: 'aurora-load',
        // A customer keeps his connection.
        noConnectionReuse: false,
        noVUConnectionReuse: false,
    };
}

function perMinuteOf(scenario) {
    return exec.test.options.scenarios[scenario].rate;
}

// One iteration. Only a constant rate tells when the n-th is due. k6 goes on after an exception and
// counts it nowhere: it would end with all thresholds met and nothing done.
export function iterate(visit) {
    const { executor, iterationInTest, name, startTime } = exec.scenario;
    if (executor === 'constant-arrival-rate') {
        const due = startTime + (iterationInTest * 60000) / perMinuteOf(name);
        startLag.add(Math.max(0, Date.now() - due));
    }
    try {
        visit();
    } catch (error) {
        scriptErrors.add(1);
        throw error;
    }
}

// k6's own figures as JSON where LOAD_SUMMARY names a file, else its text on the terminal.
export function summary(data) {
    if (settings.summary === '') {
        return undefined;
    }
    delete data.setup_data;
    return { [settings.summary]: JSON.stringify(data, null, 1) };
}
