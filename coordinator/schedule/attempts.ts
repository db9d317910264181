import { canonicalJson } from '../../proto/canonical.js';
import { isReported, type AttemptEnd, type SearchRecord, type TrialResults } from '../store/records.js';
import type { Effects, GrantedLease, RevocationReason } from './effects.js';
import type { SubmittedSearch } from './events.js';
import { LeaseTable, type Lease } from './leases.js';
import { RunningSearch, type SearchEnd } from './running-search.js';
import { usedUp, withEnded, withStarted } from './tally.js';
import { datasetOf, failure, isEnded, type Trial } from './trial.js';
import type { ConnectedWorker } from './workers.js';

export interface AttemptPorts {
  /** A new, unguessable lease token. */
  newToken(): string;
  /** How a stored attempt ended, `running` when it has not, undefined when there was none. */
  attemptEnd(token: string): AttemptEnd | 'running' | undefined;
}

/**
 * The searches that run, and their attempts from the lease to its end.
 *
 *     granted --renewed before its time is over--> granted
 *     granted --result--> the attempt counts, or the trial is pending again while it has tries left
 *     granted --its time is over | handed back--> the trial is pending again; no tries used up
 *     granted --search cancelled or failed--> revoked
 */
export class Attempts {
  readonly leases = new LeaseTable();
  private readonly running = new Map<string, RunningSearch>();
  /** Ends of attempts of running searches: the store may not hold the latest yet. */
  private readonly ends = new Map<string, { search: RunningSearch; end: AttemptEnd }>();

  /** @param leaseMs how long a lease lives unless it is renewed */
  constructor(
    private readonly leaseMs: number,
    private readonly ports: AttemptPorts,
  ) {}

  /** In the order of their submission; a search that has ended is forgotten. */
  get searches(): Iterable<RunningSearch> {
    return this.running.values();
  }

  search(id: string): RunningSearch | undefined {
    return this.running.get(id);
  }

  // ---- Searches -------------------------------------------------------------------------------------------------

  submit(submitted: SubmittedSearch, effects: Effects): void {
    const search = new RunningSearch(submitted);
    this.running.set(search.id, search);
    this.goOn(search, search.settle(effects), effects);
  }

  /** Takes a search up from what is stored. Each lease that lived gets one full period. */
  recover(record: SearchRecord, nowMs: number, effects: Effects): void {
    const search = RunningSearch.recovered(record);
    this.running.set(search.id, search);
    const trials = new Map(search.round?.trials.map((trial) => [trial.number, trial]));
    for (const { number, attempts } of record.rounds.flatMap((round) => round.trials)) {
      const trial = trials.get(number);
      const live = attempts.find(({ end }) => end === undefined);
      if (trial === undefined || live === undefined) continue;
      const { token, worker, number: attempt } = live;
      this.addLease({ token, worker, attempt, search, trial, session: undefined, thread: undefined }, nowMs);
    }
    this.goOn(search, search.settle(effects), effects);
  }

  cancel(id: string, effects: Effects): void {
    const search = this.running.get(id);
    if (search !== undefined) this.goOn(search, { state: 'cancelled', message: '' }, effects);
  }

  /** Something of the search has changed; with `end`, it has ended, and what it has left is called off. */
  private goOn(search: RunningSearch, end: SearchEnd | undefined, effects: Effects): void {
    effects.changed.add(search.id);
    if (end === undefined) return;
    for (const lease of this.leases.ofSearch(search)) {
      this.over(lease, 'cancelled', '', effects);
      effects.send(lease.session, { kind: 'revoked', tokens: [lease.token], reason: 'cancelled' });
    }
    for (const trial of search.round?.trials ?? []) {
      if (isEnded(trial)) continue;
      effects.writes.push({ kind: 'end-trial', search: search.id, trial: trial.number, state: 'cancelled' });
    }
    effects.writes.push({ kind: 'end-search', search: search.id, ...end });
    effects.notes.push(`search ${search.id} ${end.state}${end.message === '' ? '' : `: ${end.message}`}`);
    this.running.delete(search.id);
    for (const [token, { search: of }] of this.ends) if (of === search) this.ends.delete(token);
  }

  // ---- Attempts -------------------------------------------------------------------------------------------------

  /** @param trials waiting ones of the search, for one thread of the worker; at least one */
  start(
    worker: ConnectedWorker,
    search: RunningSearch,
    trials: readonly Trial[],
    nowMs: number,
    effects: Effects,
  ): GrantedLease[] {
    let thread: string | undefined;
    return trials.map((trial) => {
      const token = this.ports.newToken();
      thread ??= token;
      const lease = this.lease(worker, search, trial, token, thread, nowMs, effects);
      return { ...lease, beside: trials.length > 1 ? thread : '' };
    });
  }

  private lease(
    worker: ConnectedWorker,
    search: RunningSearch,
    trial: Trial,
    token: string,
    thread: string,
    nowMs: number,
    effects: Effects,
  ): Omit<GrantedLease, 'beside'> {
    trial.tally = withStarted(trial.tally);
    search.leased(trial);
    const attempt = trial.tally.attempts;
    const { name, kernel, machine, session } = worker;
    this.addLease({ token, worker: name, attempt, search, trial, session, thread }, nowMs);
    const of = { search: search.id, trial: trial.number, attempt, token };
    effects.writes.push({ kind: 'start-attempt', ...of, worker: name, kernel, machine });
    effects.changed.add(search.id);
    return {
      ...of,
      configJson: canonicalJson(trial.config),
      seed: trial.seed,
      datasetSha256: datasetOf(trial.config, search.datasets)?.sha256 ?? '',
      specSha256: search.specSha256,
      weights: search.weightsPolicy(trial),
    };
  }

  /** The attempt counts. */
  complete(lease: Lease, outcome: 'completed' | 'diverged', results: TrialResults, effects: Effects): void {
    const { search, trial } = lease;
    this.over(lease, outcome, '', effects);
    this.goOn(search, search.trialEnded(trial, outcome, results, effects), effects);
  }

  /** The attempt is over without a result that counts: the trial waits again, unless its tries are used up. */
  giveUp(lease: Lease, end: Exclude<AttemptEnd, 'completed' | 'diverged'>, message: string, effects: Effects): void {
    const { search, trial } = lease;
    this.over(lease, end, message, effects);
    if (usedUp(trial.tally, search.spec.retries) === undefined) {
      search.handedBack(trial);
      return;
    }
    trial.failure = failure(trial.tally, search.spec.retries, message);
    this.goOn(search, search.trialEnded(trial, 'failed', undefined, effects), effects);
  }

  /** Ends the leases whose time is over. */
  expire(nowMs: number, effects: Effects): void {
    for (const lease of this.leases.due(nowMs)) {
      // One that ended meanwhile: the lease before it ended their search.
      if (this.leases.of(lease.worker, lease.token) === undefined) continue;
      this.giveUp(lease, 'worker lost', `no sign of life for ${this.leaseMs / 1000} s`, effects);
      effects.send(lease.session, { kind: 'revoked', tokens: [lease.token], reason: 'lease ended' });
    }
  }

  /** Ends the leases of workers that have ended for good. */
  lose(isLost: (lease: Lease) => boolean, effects: Effects): void {
    for (const lease of this.leases.all().filter(isLost)) {
      if (this.leases.of(lease.worker, lease.token) === undefined) continue; // ended with its search, as above
      this.giveUp(lease, 'worker lost', 'gone for good', effects);
    }
  }

  /** Those of the tokens whose leases live, and now live for a full period more. */
  renew(worker: string, tokens: readonly string[], nowMs: number): string[] {
    return tokens.filter((token) => {
      const lease = this.leases.of(worker, token);
      if (lease !== undefined) lease.expiresAtMs = nowMs + this.leaseMs;
      return lease !== undefined;
    });
  }

  renewAll(nowMs: number): void {
    this.leases.renewAll(nowMs + this.leaseMs);
  }

  /** Whether the attempt, which is over, ended by its worker's own report: then a repeat of that is acknowledged. */
  wasReported(token: string): boolean {
    const end = this.endOf(token);
    return end !== undefined && end !== 'running' && isReported(end);
  }

  /** Why a token that is no live lease's is refused. */
  refusal(token: string): RevocationReason {
    const end = this.endOf(token);
    if (end === undefined) return 'unknown lease';
    return end === 'cancelled' ? 'cancelled' : 'lease ended';
  }

  private over(
    { search, trial, token, alone, worker }: Lease,
    end: AttemptEnd,
    message: string,
    effects: Effects,
  ): void {
    this.leases.remove(token);
    this.ends.set(token, { search, end });
    trial.tally = withEnded(trial.tally, end, alone);
    effects.writes.push({ kind: 'end-attempt', token, end, message, alone });
    effects.changed.add(search.id);
    if (message !== '')
      effects.notes.push(`search ${search.id}: trial ${trial.number} on ${worker}: ${end}: ${message}`);
  }

  private endOf(token: string): AttemptEnd | 'running' | undefined {
    return this.ends.get(token)?.end ?? this.ports.attemptEnd(token);
  }

  private addLease(
    of: Pick<Lease, 'token' | 'worker' | 'attempt' | 'search' | 'trial' | 'session' | 'thread'>,
    nowMs: number,
  ): void {
    this.leases.add({ ...of, expiresAtMs: nowMs + this.leaseMs, alone: true, progress: { epoch: 0, epochs: 0 } });
  }
}
