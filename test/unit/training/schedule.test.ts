import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constantRate, triangularRate } from '../../../proto/training/schedule.js';

describe('triangularRate', () => {
  const cycle = fc.record({
    min: fc.double({ min: 0, max: 1, noNaN: true }),
    span: fc.double({ min: 0, max: 10, noNaN: true }),
    stepSize: fc.integer({ min: 1, max: 10_000 }),
    cycles: fc.integer({ min: 0, max: 20 }),
  });

  it('is at min where a cycle begins, and at max half a cycle later', () => {
    fc.assert(
      fc.property(cycle, ({ min, span, stepSize, cycles }) => {
        const max = min + span;
        const eta = triangularRate(min, max, stepSize);
        expect(eta(2 * stepSize * cycles)).toBe(min);
        expect(eta(2 * stepSize * cycles + stepSize)).toBe(min + (max - min) * 1);
      }),
    );
  });

  it('rises for the first half of a cycle, falls for the second, and repeats', () => {
    fc.assert(
      fc.property(cycle, fc.nat(), ({ min, span, stepSize, cycles }, at) => {
        const eta = triangularRate(min, min + span, stepSize);
        const step = at % (2 * stepSize);
        const next = eta(step + 1);
        if (step < stepSize) expect(next).toBeGreaterThanOrEqual(eta(step));
        else expect(next).toBeLessThanOrEqual(eta(step));
        expect(eta(step + 2 * stepSize * cycles)).toBe(eta(step));
      }),
    );
  });

  it('is the published formula in the contract order of operations', () => {
    // By hand: 1e-5 + (0.1 - 1e-5) * (123 / 500), and the falling branch * (2 - 876 / 500).
    const eta = triangularRate(1e-5, 1e-1, 500);
    expect(eta(123)).toBe(1e-5 + (1e-1 - 1e-5) * (123 / 500));
    expect(eta(876)).toBe(1e-5 + (1e-1 - 1e-5) * (2 - 876 / 500));
    expect(eta(1000 + 123)).toBe(eta(123));
  });
});

it('constantRate never changes', () => {
  const eta = constantRate(0.03);
  expect([eta(0), eta(1), eta(1_000_000)]).toEqual([0.03, 0.03, 0.03]);
});
