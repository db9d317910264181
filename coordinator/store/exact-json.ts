import type { Json } from '../../proto/canonical.js';
import type { EpochMetrics, Metrics } from '../../proto/domain.js';

/**
 * Metrics as JSON that keeps every double: finite ones in ECMAScript's shortest form, which reads back to the same bits;
 * what JSON has no number for, NaN, the infinities and -0, as text.
 */

function encode(value: number): Json {
  return Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? '-0' : String(value);
}

function decode(value: Json | undefined): number {
  return Number(value); // reads 'NaN', 'Infinity', '-Infinity' and '-0' as well
}

function encodeMetrics(metrics: Metrics): { [name: string]: Json } {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, encode(value)]));
}

function decodeMetrics(metrics: { [name: string]: Json }): Metrics {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, decode(value)]));
}

export function metricsToJson(metrics: Metrics): string {
  return JSON.stringify(encodeMetrics(metrics));
}

export function metricsFromJson(text: string): Metrics {
  return decodeMetrics(JSON.parse(text) as { [name: string]: Json });
}

export function epochsToJson(epochs: readonly EpochMetrics[]): string {
  return JSON.stringify(epochs.map(({ epoch, metrics }) => [epoch, encodeMetrics(metrics)]));
}

export function epochsFromJson(text: string): EpochMetrics[] {
  const epochs = JSON.parse(text) as [number, { [name: string]: Json }][];
  return epochs.map(([epoch, metrics]) => ({ epoch, metrics: decodeMetrics(metrics) }));
}
