#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import type { CommandContext, CommandFactory } from './proto/command.js';
import { VernierError } from './proto/errors.js';
import { programVersion } from './proto/machine.js';
import { packageFile } from './proto/package-root.js';

interface Entry {
  summary: string;
  /** Imports the command's file only when it is called: `vernier --help` loads neither gRPC nor SQLite. */
  load: () => Promise<CommandFactory>;
}

/** Every command, in the order of --help. */
const COMMANDS: Record<string, Entry> = {
  run: {
    summary: 'run a search on this machine: coordinator and workers in one command',
    load: async () => (await import('./coordinator/cli/run.js')).runCommand,
  },
  reproduce: {
    summary: "a paper's experiments in one command, and a report that sets its results beside ours",
    load: async () => (await import('./coordinator/cli/reproduce.js')).reproduceCommand,
  },
  validate: {
    summary: 'check a search file: every mistake with its line and column',
    load: async () => (await import('./coordinator/cli/validate.js')).validateCommand,
  },
  preview: {
    summary: "show the first round's trials before anything runs",
    load: async () => (await import('./coordinator/cli/preview.js')).previewCommand,
  },
  'plot-schedule': {
    summary: "plot the trials' learning rate over their update steps",
    load: async () => (await import('./coordinator/cli/plot-schedule.js')).plotScheduleCommand,
  },
  coordinator: {
    summary: 'serve searches to workers and submitters',
    load: async () => (await import('./coordinator/cli/coordinator.js')).coordinatorCommand,
  },
  worker: {
    summary: 'join a coordinator and run its trials',
    load: async () => (await import('./worker/cli/worker.js')).workerCommand,
  },
  submit: {
    summary: 'hand a search file to a coordinator',
    load: async () => (await import('./coordinator/cli/submit.js')).submitCommand,
  },
  watch: {
    summary: 'follow a search until it ends',
    load: async () => (await import('./coordinator/cli/watch.js')).watchCommand,
  },
  list: {
    summary: 'list searches, newest first',
    load: async () => (await import('./coordinator/cli/list.js')).listCommand,
  },
  show: {
    summary: "show a search's rounds, trials and result",
    load: async () => (await import('./coordinator/cli/show.js')).showCommand,
  },
  cancel: {
    summary: 'end a search and revoke its running trials',
    load: async () => (await import('./coordinator/cli/cancel.js')).cancelCommand,
  },
  weights: {
    summary: "write a trial's weights as safetensors",
    load: async () => (await import('./coordinator/cli/weights.js')).weightsCommand,
  },
  verify: {
    summary: 'train trials of a finished search again and compare every bit',
    load: async () => (await import('./coordinator/cli/verify.js')).verifyCommand,
  },
  report: {
    summary: 'write a search as Markdown, HTML, LaTeX and figures',
    load: async () => (await import('./coordinator/cli/report.js')).reportCommand,
  },
  data: {
    summary: 'fetch, add, list and verify data sets',
    load: async () => (await import('./worker/cli/data.js')).dataCommand,
  },
  doctor: {
    summary: 'what this machine has: kernel backends, data sets, versions',
    load: async () => (await import('./worker/cli/doctor.js')).doctorCommand,
  },
};

function createContext(version: string): CommandContext {
  return {
    version,
    mainFile: packageFile('dist/main.js'),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    localDatasets: async (dataDir) => (await import('./worker/datasets/local.js')).localDatasets(process.env, dataDir),
    incompleteDatasets: async (dataDir) =>
      (await import('./worker/datasets/local.js')).incompleteDatasets(process.env, dataDir),
    retrain: async (request) => (await import('./worker/session/retrain.js')).retrain(request, process.env),
    retrainAll: async (request) => (await import('./worker/session/retrain.js')).retrainAll(request, process.env),
  };
}

/** `help run` is `run --help`: of the commands that are not called, the program knows the names alone. */
function withHelpAsOption(argv: readonly string[]): readonly string[] {
  const [first, name = '', ...rest] = argv;
  return first === 'help' && Object.hasOwn(COMMANDS, name) ? [name, ...rest, '--help'] : argv;
}

async function main(given: readonly string[]): Promise<void> {
  const argv = withHelpAsOption(given);
  const program = new Command('vernier')
    .description('Hyperparameter search on your own machines: coarse then fine, the same bits everywhere.')
    .version(programVersion())
    .option('--verbose', 'show stack traces of errors')
    .showHelpAfterError('(vernier --help lists the commands)')
    .addHelpText('after', '\nExample:\n  vernier run configs/quickstart.yaml\n\nvernier COMMAND --help tells more.')
    .exitOverride();
  const called = argv.find((argument) => !argument.startsWith('-')) ?? '';
  for (const [name, entry] of Object.entries(COMMANDS)) {
    if (name !== called) {
      program.command(name).summary(entry.summary).description(entry.summary);
      continue;
    }
    const command = (await entry.load())(createContext(programVersion()));
    // A command with more to tell than stack traces has described the option itself.
    if (!command.options.some(({ long }) => long === '--verbose')) {
      command.option('--verbose', 'show stack traces of errors');
    }
    command.exitOverride();
    for (const child of command.commands) child.exitOverride();
    program.addCommand(command.summary(entry.summary));
  }
  await program.parseAsync(argv, { from: 'user' });
}

/** Tells an error as its user should read it, and gives the exit code: 1 the work failed, 2 wrong use or wrong file. */
function tell(error: unknown, verbose: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has printed it
  if (error instanceof VernierError) {
    process.stderr.write(`vernier: ${error.message} [${error.code}]\n`);
    if (error.mend !== undefined) process.stderr.write(`  ${error.mend}\n`);
    if (verbose && error.stack !== undefined) process.stderr.write(`${error.stack}\n`);
    return error.exitCode;
  }
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`vernier: unexpected: ${text} [INTERNAL]\n  run again with --verbose for the stack trace\n`);
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return 1;
}

// Under npx, argv[1] is a link to this file.
const isMain = process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isMain) {
  const argv = process.argv.slice(2);
  // As the XDG rules have it: an empty value is none. commander would take it for a kernel's name.
  for (const name of ['VERNIER_KERNEL', 'VERNIER_SIDE_BY_SIDE']) if (process.env[name] === '') delete process.env[name];
  // A closed terminal or a reader that has gone (`| head`) must not end a search.
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || error.code === 'EIO') return;
    const unwritable = new VernierError('FILE_UNWRITABLE', `standard output cannot be written: ${error.message}`);
    process.exitCode = tell(unwritable, false);
  });
  main(argv).catch((error: unknown) => {
    process.exitCode = tell(error, argv.includes('--verbose'));
  });
}
