import { toErrorPayload, VernierError } from '../../proto/errors.js';
import type { CoordinatorMessage__Output } from '../../proto/generated/vernier/v1/CoordinatorMessage.js';
import type { Hello } from '../../proto/generated/vernier/v1/Hello.js';
import type { Lease__Output } from '../../proto/generated/vernier/v1/Lease.js';
import type { WorkerMessage } from '../../proto/generated/vernier/v1/WorkerMessage.js';
import type { PoolTrialEnd, RunningTrial, TrialStart } from '../pool/pool-trial.js';
import type { Clock } from './clock.js';
import { LeaseLedger } from './ledger.js';
import { ProgressBatcher } from './progress.js';
import { afterFailure, backoffMs, isFinal, type ReconnectPolicy } from './reconnect.js';
import type { Link, Outage, SessionEnd, SessionState } from './state.js';
import { SessionStream, type CoordinatorClients } from './stream.js';
import { uploadBlob } from './upload.js';
import { leasesByThread, requestFromLease, resultToWire } from './wire.js';

/** A coordinator that takes the connection but does not answer Hello is as good as none. */
const WELCOME_TIMEOUT_MS = 10_000;
/** How long a draining worker waits for its last results to be acknowledged. */
const LAST_ACKNOWLEDGEMENT_MS = 5_000;
/** Tries to upload a trial's weights; without them the result still counts, and the weights can be made again. */
const UPLOAD_TRIES = 5;

/** What runs the trials; a TrialPool. */
export interface TrialRunner {
  readonly threads: number;
  /** In one thread; each trial has its own end. */
  runTogether(starts: readonly TrialStart[]): RunningTrial[];
}

export interface SessionOptions {
  /** Used for nothing else; closed at the session's end. */
  clients: CoordinatorClients;
  runner: TrialRunner;
  /** This worker, the held tokens left out. */
  hello: Omit<Hello, 'heldTokens'>;
  reconnect: ReconnectPolicy;
  clock: Clock;
  /** Uniform in [0, 1). */
  jitter: () => number;
  /** One line about what happens. */
  log: (line: string) => void;
}

/** A worker's session with one coordinator; its states are described in state.ts. */
export class WorkerSession {
  /** Resolves when the session is closed; never rejects. */
  readonly ended: Promise<SessionEnd>;
  private resolveEnded: (end: SessionEnd) => void = () => undefined;
  private state: SessionState;
  private readonly ledger: LeaseLedger;
  private readonly trials = new Map<string, RunningTrial>();
  private readonly progress: ProgressBatcher;
  /** When the oldest renewal was sent that nothing has been heard since. */
  private silentSinceMs: number | undefined;
  /** Takes back the timer of the present link: for its Welcome, its next attempt or its next renewal. */
  private cancelLinkTimer: () => void = () => undefined;
  /** Takes back the timer of the drain: for its grace time or its last acknowledgements. */
  private cancelDrainTimer: () => void = () => undefined;
  private readonly waitingForLink: (() => void)[] = [];

  constructor(private readonly options: SessionOptions) {
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve));
    this.ledger = new LeaseLedger(options.runner.threads);
    this.progress = new ProgressBatcher(options.clock, (trials) => this.send({ progress: { trials } }));
    const outage = { sinceMs: options.clock.nowMs(), failures: 0, wasRegistered: false };
    this.state = { kind: 'connecting', outage };
    this.connect(outage);
  }

  /**
   * Takes no more trials, lets running ones end for `graceMs`, then hands them back and leaves. Called again, it
   * shortens the grace time.
   */
  drain(graceMs: number): void {
    if (this.state.kind === 'closed') return;
    if (this.state.kind !== 'draining') {
      this.state = { kind: 'draining', link: this.state };
      this.send({ demand: { free: 0 } });
    }
    this.cancelDrainTimer();
    this.cancelDrainTimer = this.options.clock.after(graceMs, () => this.handBack());
    this.leaveWhenEmpty();
  }

  // ---- The link -------------------------------------------------------------------------------------------------

  private get link(): Link | undefined {
    if (this.state.kind === 'closed') return undefined;
    return this.state.kind === 'draining' ? this.state.link : this.state;
  }

  private setLink(link: Link): void {
    this.cancelLinkTimer();
    this.silentSinceMs = undefined;
    this.state = this.state.kind === 'draining' ? { kind: 'draining', link } : link;
  }

  private connect(outage: Outage): void {
    const stream = new SessionStream(this.options.clients.workers, {
      message: (message) => this.receive(stream, message),
      lost: (error) => this.linkFailed(error),
    });
    this.setLink({ kind: 'connecting', outage, stream });
    this.cancelLinkTimer = this.options.clock.after(WELCOME_TIMEOUT_MS, () => {
      this.abandonLink(stream, `no answer for ${WELCOME_TIMEOUT_MS / 1000} s`);
    });
    if (outage.failures > 0) this.options.log(`connecting again (attempt ${outage.failures + 1})`);
    stream.send({ hello: { ...this.options.hello, heldTokens: this.ledger.held } });
  }

  /** An attempt to connect failed, or the stream was lost. */
  private linkFailed(error: VernierError): void {
    const { link } = this;
    if (link === undefined) return;
    const nowMs = this.options.clock.nowMs();
    const outage = link.kind === 'connecting' ? link.outage : { sinceMs: nowMs, failures: 0, wasRegistered: true };
    const decision = afterFailure(outage, error, this.options.reconnect, nowMs, this.options.jitter());
    if (decision.kind !== 'retry') {
      this.close({ reason: decision.kind, error: decision.error });
      return;
    }
    if (outage.failures === 0) this.options.log(`no coordinator, trying again: ${error.message}`);
    this.setLink({ kind: 'connecting', outage: decision.outage });
    this.cancelLinkTimer = this.options.clock.after(decision.delayMs, () => this.connect(decision.outage));
  }

  private abandonLink(stream: SessionStream, why: string): void {
    stream.abandon();
    this.linkFailed(new VernierError('COORDINATOR_UNREACHABLE', why));
  }

  private receive(stream: SessionStream, message: CoordinatorMessage__Output): void {
    this.silentSinceMs = undefined;
    if (message.welcome) {
      const { coordinator, leaseMs, renewMs } = message.welcome;
      this.setLink({ kind: 'registered', stream, terms: { leaseMs, renewMs } });
      this.options.log(`registered with coordinator ${coordinator}`);
      this.welcomed();
    } else if (message.grant) {
      for (const leases of leasesByThread(message.grant.leases)) this.granted(leases);
    } else if (message.acknowledged) {
      for (const token of message.acknowledged.tokens) this.ledger.acknowledge(token);
      this.leaveWhenEmpty();
    } else if (message.revoked) {
      this.revoked(message.revoked.tokens, message.revoked.reason);
    } else if (message.shutdown) {
      this.options.log(`the coordinator is done: ${message.shutdown.reason}`);
      this.close({ reason: 'shutdown' });
    }
    // Renewed says only that the coordinator is there, which silentSinceMs has noted.
  }

  private welcomed(): void {
    for (const result of this.ledger.unacknowledged) this.send({ result: { ...result, free: this.free } });
    this.send({ demand: { free: this.free } });
    this.renewLater();
    for (const resume of this.waitingForLink.splice(0)) resume();
    this.leaveWhenEmpty();
  }

  private renewLater(): void {
    const { link } = this;
    if (link?.kind !== 'registered') return;
    const { stream, terms } = link;
    this.cancelLinkTimer = this.options.clock.after(terms.renewMs, () => {
      const nowMs = this.options.clock.nowMs();
      // Renewals are answered; silence for a whole lease is a dead connection that TCP has not noticed.
      if (this.silentSinceMs !== undefined && nowMs - this.silentSinceMs > terms.leaseMs) {
        this.abandonLink(stream, `the coordinator was silent for ${terms.leaseMs / 1000} s`);
        return;
      }
      const tokens = this.ledger.held;
      if (tokens.length > 0) {
        this.send({ renewal: { tokens } });
        this.silentSinceMs ??= nowMs;
      }
      this.renewLater();
    });
  }

  /** To the coordinator if there is one now. What must arrive is kept in the ledger and sent again. */
  private send(message: WorkerMessage): void {
    if (this.link?.kind === 'registered') this.link.stream.send(message);
  }

  private linkRestored(): Promise<void> {
    if (this.link?.kind === 'registered') return Promise.resolve();
    return new Promise((resolve) => this.waitingForLink.push(resolve));
  }

  // ---- Trials ---------------------------------------------------------------------------------------------------

  private get free(): number {
    return this.state.kind === 'draining' ? 0 : this.ledger.free;
  }

  /** Leases whose trials share a thread. */
  private granted(leases: readonly Lease__Output[]): void {
    if (this.state.kind === 'draining') {
      this.send({ release: { tokens: leases.map(({ token }) => token), reason: 'drained' } });
      return;
    }
    const unknown = new Set(this.ledger.grant(leases.map(({ token }) => token)));
    const started = leases.filter(({ token }) => unknown.has(token));
    if (started.length === 0) return;
    for (const lease of started) this.options.log(`${attemptOf(lease)}: started`);
    const trials = this.options.runner.runTogether(started.map((lease) => this.trialStart(lease)));
    for (const [index, trial] of trials.entries()) {
      const lease = started[index] as Lease__Output;
      this.trials.set(lease.token, trial);
      void trial.ended.then((end) => this.trialEnded(lease, end));
    }
  }

  private trialStart(lease: Lease__Output): TrialStart {
    const { token } = lease;
    return {
      request: requestFromLease(lease),
      onEpoch: (epoch, epochsTotal) => {
        if (this.trials.has(token)) this.progress.add(token, epoch, epochsTotal);
      },
      onPart: (done, parts) => {
        if (this.trials.has(token)) this.progress.addParts(token, done, parts);
      },
    };
  }

  private async trialEnded(lease: Lease__Output, end: PoolTrialEnd): Promise<void> {
    const { token } = lease;
    this.trials.delete(token);
    this.progress.drop(token);
    if (this.state.kind === 'closed') return;
    this.options.log(`${attemptOf(lease)}: ${describeEnd(end)}`);
    const wanted = this.ledger.finished(token);
    if (!wanted || end.outcome === 'cancelled') {
      this.ledger.revoke(token);
      this.send({ demand: { free: this.free } });
      this.leaveWhenEmpty();
      return;
    }
    const weights = 'weights' in end ? end.weights : undefined;
    if (weights !== undefined) this.send({ demand: { free: this.free } }); // the thread need not wait for the upload
    const blob = weights === undefined ? '' : await this.upload(weights);
    const result = resultToWire(token, end, blob);
    if (this.ledger.report(token, result)) this.send({ result: { ...result, free: this.free } });
    this.leaveWhenEmpty();
  }

  /** The weights' blob, or an empty name when they could not be uploaded. */
  private async upload(weights: Uint8Array): Promise<string> {
    for (let failures = 1; ; failures++) {
      await this.linkRestored();
      if (this.state.kind === 'closed') return '';
      try {
        return await uploadBlob(this.options.clients.blobs, weights);
      } catch (error) {
        const known = VernierError.fromPayload(toErrorPayload(error));
        if (failures === UPLOAD_TRIES || isFinal(known) || known.code === 'STORE_FULL') {
          this.options.log(`weights were not uploaded, the result goes without them: ${known.message}`);
          return '';
        }
      }
      const delayMs = backoffMs(failures, this.options.reconnect, this.options.jitter());
      await new Promise<void>((resolve) => this.options.clock.after(delayMs, resolve));
    }
  }

  private revoked(tokens: readonly string[], reason: string): void {
    for (const token of tokens) {
      if (this.ledger.revoke(token)) {
        this.options.log(`lease ${token} revoked (${reason}): its trial is stopped`);
        this.trials.get(token)?.cancel();
      }
    }
    this.leaveWhenEmpty();
  }

  // ---- The end --------------------------------------------------------------------------------------------------

  /** The grace time is over: running trials go back to the coordinator. */
  private handBack(): void {
    const tokens = this.ledger.running;
    if (tokens.length > 0) this.send({ release: { tokens, reason: 'drained' } });
    for (const token of tokens) {
      this.ledger.revoke(token);
      this.trials.get(token)?.cancel();
    }
    this.cancelDrainTimer = this.options.clock.after(LAST_ACKNOWLEDGEMENT_MS, () => this.close({ reason: 'drained' }));
    this.leaveWhenEmpty();
  }

  private leaveWhenEmpty(): void {
    if (this.state.kind !== 'draining' || this.ledger.held.length > 0) return;
    this.send({ goodbye: {} });
    this.close({ reason: 'drained' });
  }

  private close(end: SessionEnd): void {
    const { link } = this;
    if (link === undefined) return;
    this.cancelLinkTimer();
    this.cancelDrainTimer();
    this.progress.stop();
    this.state = { kind: 'closed', end };
    for (const trial of this.trials.values()) trial.cancel();
    for (const resume of this.waitingForLink.splice(0)) resume();
    void this.disconnect(link).then(() => this.resolveEnded(end));
  }

  private async disconnect(link: Link): Promise<void> {
    if (link.kind === 'connecting') {
      link.stream?.abandon();
    } else {
      const cancelTimeout = this.options.clock.after(LAST_ACKNOWLEDGEMENT_MS, () => link.stream.abandon());
      await link.stream.close();
      cancelTimeout();
    }
    this.options.clients.close();
  }
}

function attemptOf({ trial, search, attempt }: Lease__Output): string {
  return `trial ${trial} of ${search}, attempt ${attempt}`;
}

function describeEnd(end: PoolTrialEnd): string {
  if (end.outcome === 'failed' || end.outcome === 'crashed') return `${end.outcome}: ${end.error.message}`;
  return end.outcome;
}
