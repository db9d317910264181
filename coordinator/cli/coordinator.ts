import { hostname } from 'node:os';
import { Command, Option } from 'commander';
import { jsonOption, listenAddress, writeJson } from '../../proto/cli-options.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import { storeOption } from './options.js';
import { startWhenFree, storeFile } from './reach.js';
import { onStopSignals } from './stop-signals.js';

interface CoordinatorOptions {
  listen: string;
  store?: string;
  json?: true;
  quiet?: true;
}

const DEFAULT_LISTEN = '127.0.0.1:7077';

const HELP = `
Examples:
  vernier coordinator
  vernier coordinator --listen 0.0.0.0:7077 --store searches.db

Whoever reaches the address can submit and read searches: listen on other
addresses than 127.0.0.1 in trusted networks only. After a crash or a signal,
the same command goes on with the store's searches.`;

/** `vernier coordinator`: serves a store's searches until a signal ends it. */
export const coordinatorCommand: CommandFactory = (context) =>
  new Command('coordinator')
    .addOption(
      new Option('--listen <host:port>', 'address to serve, port 0 for any free one')
        .argParser(listenAddress)
        .default(DEFAULT_LISTEN),
    )
    .addOption(storeOption())
    .addOption(jsonOption())
    .option('--quiet', 'tell of nothing but errors')
    .addHelpText('after', HELP)
    .action((options: CoordinatorOptions) => serve(options, context));

async function serve(options: CoordinatorOptions, { env, stdout, stderr }: CommandContext): Promise<void> {
  const log = (line: string): void => {
    if (!options.quiet) stderr.write(`${new Date().toISOString()} coordinator: ${line}\n`);
  };
  const store = storeFile(options, env);
  const coordinator = await startWhenFree({ listen: options.listen, store, log });
  const { address } = coordinator;
  if (options.json) writeJson({ address, store }, stdout);
  else stdout.write(`${greeting(address, store).join('\n')}\n`);

  const asked = new Promise<undefined>((resolve) => {
    onStopSignals((count, signal) => {
      if (count > 1) process.exit(1);
      log(`${signal}: closing`);
      resolve(undefined);
    });
  });
  const error = await Promise.race([asked, coordinator.failed]);
  await coordinator.close();
  if (error !== undefined) throw error;
}

/** What whoever started the coordinator needs next. */
export function greeting(address: string, store: string): string[] {
  const port = address.slice(address.lastIndexOf(':') + 1);
  const host = address.slice(0, -port.length - 1);
  // An address that stands for all of the machine's is none that others can use.
  const everywhere = host === '0.0.0.0' || host === '[::]';
  const loopback = host === 'localhost' || host === '[::1]' || host.startsWith('127.');
  const reachable = everywhere ? `${hostname()}:${port}` : address;
  return [
    `coordinator on ${address}, store ${store}`,
    `join a worker:   vernier worker --coordinator ${reachable}`,
    `submit a search: vernier submit FILE --coordinator ${reachable}`,
    ...(loopback ? [`only this machine can reach it; for others: --listen 0.0.0.0:${port}`] : []),
  ];
}
