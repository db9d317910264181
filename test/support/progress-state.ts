import { NO_PAINT } from '../../coordinator/cli/progress/paint.js';
import type { Frame } from '../../coordinator/cli/progress/lines.js';
import type { ProgressState } from '../../coordinator/cli/progress/state.js';

/** A search in the middle of its second round of three. */
export function middleOfSearch(changes: Partial<ProgressState> = {}): ProgressState {
  return {
    search: { id: '3f2a91c0', name: 'cifar10-lambda', seed: 42, state: 'running', message: '', waitingCode: '' },
    metric: 'val_accuracy',
    rounds: [
      round('coarse', 'closed', 8, 8, { lambda: { min: 1e-5, max: 0.1 } }),
      round('fine', 'open', 6, 11, { lambda: { min: 0.0003, max: 0.0042 } }),
      round('final', 'waiting', 0, 1),
    ],
    running: [
      { trial: 15, attempt: 1, beside: 15, parameters: { lambda: 0.000734521 }, epoch: 3, epochs: 8 },
      { trial: 16, attempt: 2, beside: 16, parameters: { lambda: 0.0012345678 }, epoch: 0, epochs: 0 },
    ],
    best: { round: 'fine', trial: 12, parameters: { lambda: 0.0017834 }, score: 0.5213 },
    workers: 1,
    threads: 2,
    ...changes,
  };
}

export function round(
  name: string,
  state: ProgressState['rounds'][number]['state'],
  trialsDone: number,
  trialsTotal: number,
  interval: Record<string, { min: number; max: number }> = {},
): ProgressState['rounds'][number] {
  return { name, state, trialsDone, trialsTotal, trialsLost: 0, interval };
}

export function frame(changes: Partial<Frame> = {}): Frame {
  return { columns: 80, rows: 24, paint: NO_PAINT, elapsedMs: 134_000, leftMs: 171_000, ...changes };
}
