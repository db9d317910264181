import { randomBytes } from 'node:crypto';
import { availableParallelism, hostname, totalmem } from 'node:os';
import { Command, Option } from 'commander';
import {
  address,
  dataDirOption,
  kernelOption,
  parallelCount,
  seconds,
  sideBySideOption,
  type SideBySideLimit,
} from '../../proto/cli-options.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import { thisMachine } from '../../proto/machine.js';
import { NUMERICS_VERSION, PROTOCOL_VERSION } from '../../proto/versions.js';
import { workerName, workerNote } from '../../proto/worker-name.js';
import { dataFolder } from '../datasets/folder.js';
import { localDatasets } from '../datasets/local.js';
import { openNode } from '../pool/node.js';
import { sideBySideOf } from '../pool/side-by-side.js';
import { systemClock } from '../session/clock.js';
import { DEFAULT_RECONNECT } from '../session/reconnect.js';
import { WorkerSession } from '../session/session.js';
import { coordinatorClients } from '../session/stream.js';

interface WorkerOptions {
  coordinator: string;
  threads: number;
  sideBySide: SideBySideLimit;
  kernel?: string;
  dataDir?: string;
  name?: string;
  grace: number;
  connectTimeout: number;
  reconnectTimeout: number;
  quiet?: true;
}

/** Long enough for short trials to end, shorter than the time service managers give before they kill. */
const DEFAULT_GRACE_S = 10;

/** `vernier worker`: joins a coordinator and runs its trials until either leaves. */
export const workerCommand: CommandFactory = (context) =>
  new Command('worker')
    .addOption(
      new Option('--coordinator <host:port>', 'address of the coordinator').argParser(address).makeOptionMandatory(),
    )
    .addOption(
      new Option('--threads <n>', 'threads that run trials')
        .argParser(parallelCount)
        .default(availableParallelism(), 'one per core'),
    )
    .addOption(sideBySideOption())
    .addOption(kernelOption())
    .addOption(dataDirOption())
    .option('--name <name>', 'what the coordinator calls this worker (default: the host name)')
    .addOption(secondsOption('--grace <seconds>', 'after a signal, time for running trials to end', DEFAULT_GRACE_S))
    .addOption(
      secondsOption(
        '--connect-timeout <seconds>',
        'give up the first connection after',
        DEFAULT_RECONNECT.firstConnectMs / 1000,
      ),
    )
    .addOption(
      secondsOption(
        '--reconnect-timeout <seconds>',
        'give up a lost coordinator after',
        DEFAULT_RECONNECT.reconnectMs,
      ).default(DEFAULT_RECONNECT.reconnectMs, 'never'),
    )
    .option('--quiet', 'tell of nothing but errors')
    .addHelpText('after', '\nExample:\n  vernier worker --coordinator 192.168.1.10:7077 --threads 4')
    .action((options: WorkerOptions) => runWorker(options, context));

async function runWorker(options: WorkerOptions, context: CommandContext): Promise<void> {
  const { env, stderr } = context;
  const name = workerName(options.name ?? hostname(), process.pid, randomBytes(3).toString('hex'));
  const log = (line: string) => {
    if (!options.quiet) stderr.write(`${new Date().toISOString()} worker ${name}: ${line}\n`);
  };
  endWithParent();

  const dataDir = dataFolder(env, options.dataDir);
  const pool = await openNode({
    threads: options.threads,
    kernel: options.kernel,
    env,
    dataDir,
    onIdleThreadLost: (error) => log(`an idle thread died and is replaced: ${error.message}`),
    // Told to quiet workers' users too: they would wait many times as long without knowing why.
    onKernelFallback: (reason) => stderr.write(`${workerNote(name, reason)}\n`),
  });
  try {
    log(`${pool.threads} threads, kernel ${pool.kernelLabel}, data in ${dataDir}`);
    const session = new WorkerSession({
      clients: coordinatorClients(options.coordinator),
      runner: pool,
      hello: {
        protocolVersion: PROTOCOL_VERSION,
        numericsVersion: NUMERICS_VERSION,
        worker: name,
        threads: pool.threads,
        kernel: pool.kernelLabel,
        machine: thisMachine(),
        datasets: await localDatasets(env, dataDir),
        memoryBytes: totalmem(),
        ...sideBySideOf(options.sideBySide),
      },
      reconnect: {
        ...DEFAULT_RECONNECT,
        firstConnectMs: options.connectTimeout * 1000,
        reconnectMs: options.reconnectTimeout * 1000,
      },
      clock: systemClock,
      jitter: Math.random,
      log,
    });
    const stopListening = drainOnSignal(session, options.grace * 1000, log);
    const end = await session.ended;
    stopListening();
    if ('error' in end) throw end.error;
    log(end.reason === 'shutdown' ? 'done' : 'drained');
  } finally {
    await pool.close();
  }
}

/** The first signal drains, the second hands everything back at once. */
function drainOnSignal(session: WorkerSession, graceMs: number, log: (line: string) => void): () => void {
  let signals = 0;
  const drain = (signal: NodeJS.Signals) => {
    signals++;
    log(signals === 1 ? `${signal}: running trials have ${graceMs / 1000} s to end` : `${signal} again: stopping now`);
    session.drain(signals === 1 ? graceMs : 0);
  };
  process.on('SIGTERM', drain).on('SIGINT', drain);
  return () => void process.off('SIGTERM', drain).off('SIGINT', drain);
}

/** Started with a channel to a parent, as `vernier run` does, this process ends when the parent does, however it ended. */
function endWithParent(): void {
  if (process.channel === undefined) return;
  process.once('disconnect', () => process.exit(1));
  // Listening to it must not keep a process that is done.
  process.channel.unref();
  if (!process.connected) process.exit(1);
}

function secondsOption(flags: string, description: string, byDefault: number): Option {
  return new Option(flags, description).default(byDefault).argParser(seconds);
}
