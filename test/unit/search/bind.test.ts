import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bindParameters } from '../../../coordinator/search/bind.js';

const trial = {
  kind: 'two-layer',
  hidden: [50, 20],
  learning_rate: { schedule: 'triangular', max: 0.1, step_size: { epochs: 1 } },
};

describe('bindParameters', () => {
  it('puts values in by dotted path and leaves the rest', () => {
    expect(
      bindParameters(trial, { lambda: 0.01, 'learning_rate.max': 0.2, 'learning_rate.step_size.epochs': 2 }),
    ).toEqual({
      kind: 'two-layer',
      hidden: [50, 20],
      learning_rate: { schedule: 'triangular', max: 0.2, step_size: { epochs: 2 } },
      lambda: 0.01,
    });
  });

  it('does not touch what it was given', () => {
    const before = structuredClone(trial);
    bindParameters(trial, { 'learning_rate.max': 0.2, 'hidden.0': 1, kind: 'other' });
    expect(trial).toEqual(before);
  });

  it('makes the maps on the way that are missing, and replaces what is none, as merging does', () => {
    expect(bindParameters({}, { 'evaluate.train': 'epoch' })).toEqual({ evaluate: { train: 'epoch' } });
    expect(bindParameters({ rate: 0.1 }, { 'rate.max': 1 })).toEqual({ rate: { max: 1 } });
    expect(bindParameters({ rate: null }, { 'rate.max': 1 })).toEqual({ rate: { max: 1 } });
  });

  it('reaches into lists by position, not beyond them', () => {
    expect(bindParameters(trial, { 'hidden.1': 30 })['hidden']).toEqual([50, 30]);
    expect(bindParameters({ layers: [{ units: 1 }] }, { 'layers.0.units': 2 })).toEqual({ layers: [{ units: 2 }] });
    expect(bindParameters(trial, { 'hidden.2': 30 })['hidden']).toEqual({ 2: 30 });
  });

  it('reaches nothing that objects inherit', () => {
    for (const path of ['__proto__.polluted', 'constructor.prototype.polluted', 'toString.polluted']) {
      const bound = bindParameters({}, { [path]: 1 });
      expect(Object.keys(bound)).toEqual([path.split('.')[0]]);
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('sets exactly the path, whatever it is', () => {
    const name = fc.stringMatching(/^[a-z]{1,3}$/);
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), fc.integer(), (path, value) => {
        let found: unknown = bindParameters({ a: { b: 1 }, c: 2 }, { [path.join('.')]: value });
        for (const key of path) found = (found as Record<string, unknown>)[key];
        expect(found).toBe(value);
      }),
    );
  });
});
