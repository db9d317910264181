import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EpochMetrics, Metrics, Parameters, ParameterValue } from '../../../proto/domain.js';
import type { SearchEvent, SearchEvent__Output } from '../../../proto/generated/vernier/v1/SearchEvent.js';
import { vernierProto } from '../../../proto/grpc.js';
import { MAX_EPOCHS } from '../../../proto/training/plan.js';
import {
  epochFromWire,
  epochToWire,
  intervalsFromWire,
  intervalsToWire,
  metricsFromWire,
  metricsToWire,
  parametersFromWire,
  parametersToWire,
  searchStateFromWire,
  searchStateToWire,
  trialStateFromWire,
  trialStateToWire,
} from '../../../proto/wire.js';

const { responseSerialize, responseDeserialize } = vernierProto.Searches.service.WatchSearch;

/** What arrives of a message that was sent as bytes. */
function sent(event: SearchEvent): SearchEvent__Output {
  return responseDeserialize(responseSerialize(event));
}

const name = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'val_accuracy', '0', ''));
const metrics: fc.Arbitrary<Metrics> = fc.dictionary(name, fc.double());
const value: fc.Arbitrary<ParameterValue> = fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.constant(null));

describe('what crosses the wire', () => {
  it('metrics and epochs arrive bit for bit', () => {
    fc.assert(
      fc.property(metrics, fc.integer({ min: 1, max: 2 ** 32 - 1 }), (given, epoch) => {
        const written: EpochMetrics = { epoch, metrics: given };
        const trial = { metrics: metricsToWire(given), epochs: [epochToWire(written)] };
        const read = sent({ rounds: [{ trials: [trial] }] }).rounds[0]!.trials[0]!;
        expect(metricsFromWire(read.metrics)).toEqual(given);
        expect(read.epochs.map(epochFromWire)).toEqual([written]);
        for (const [key, number] of Object.entries(given)) {
          expect(Object.is(metricsFromWire(read.metrics)[key], number)).toBe(true);
        }
      }),
    );
  });

  it('a result of the most epochs with every metric fits into a message', () => {
    const parts = ['train', 'val'].flatMap((part) => ['cost', 'loss', 'accuracy'].map((what) => `${part}_${what}`));
    const measured = Object.fromEntries(parts.map((metric) => [metric, 0.1]));
    const epochs = Array.from({ length: MAX_EPOCHS }, (_, i) => epochToWire({ epoch: i + 1, metrics: measured }));
    const token = 'x'.repeat(100);
    const bytes = vernierProto.Workers.service.Session.requestSerialize({ result: { token, epochs } }).length;
    expect(bytes).toBeGreaterThan(1024 * 1024);
    expect(bytes).toBeLessThan(4 * 1024 * 1024 - 64 * 1024);
  });

  it('parameters keep their types: 1, "1" and true are three', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value, { noNullPrototype: true }), (given: Parameters) => {
        const best = { parameters: parametersToWire(given) };
        expect(parametersFromWire(sent({ best }).best!.parameters)).toEqual(given);
      }),
    );
    const given = { a: 1, b: '1', c: true, d: null, e: 0, f: '', g: false, h: NaN };
    expect(parametersFromWire(sent({ best: { parameters: parametersToWire(given) } }).best!.parameters)).toEqual(given);
  });

  it('a parameter of a kind that this version does not know is null', () => {
    expect(parametersFromWire({ later: {} })).toEqual({ later: null });
  });

  it('intervals arrive', () => {
    const given = { lambda: { min: 1e-5, max: 0.1 }, units: { min: 0, max: 0 } };
    const [round] = sent({ rounds: [{ interval: intervalsToWire(given) }] }).rounds;
    expect(intervalsFromWire(round!.interval)).toEqual(given);
  });

  it('states are what they were; unknown ones are told', () => {
    for (const state of ['running', 'completed', 'failed', 'cancelled'] as const) {
      expect(searchStateFromWire(searchStateToWire(state))).toBe(state);
    }
    for (const state of ['pending', 'leased', 'completed', 'diverged', 'pruned', 'failed', 'cancelled'] as const) {
      expect(trialStateFromWire(trialStateToWire(state))).toBe(state);
    }
    expect(() => searchStateFromWire('SEARCH_STATE_UNSPECIFIED')).toThrow(RangeError);
    expect(() => trialStateFromWire('TRIAL_STATE_UNSPECIFIED')).toThrow(RangeError);
  });
});
