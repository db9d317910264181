import { Command, CommanderError } from 'commander';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import { VernierError } from '../../proto/errors.js';

export interface Told {
  stdout: string;
  stderr: string;
  /** What main.ts would tell the user; undefined when all went well. */
  error: VernierError | CommanderError | undefined;
}

/** Runs a command in this process, as main.ts does: `args` begin with the command's name; `given` is what it is given besides. */
export async function runCommand(
  create: CommandFactory,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  given: Partial<CommandContext> = {},
): Promise<Told> {
  const told: Told = { stdout: '', stderr: '', error: undefined };
  const stdout = { write: (text: string) => ((told.stdout += text), true) } as NodeJS.WriteStream;
  const stderr = { write: (text: string) => ((told.stderr += text), true) } as NodeJS.WriteStream;
  const context: CommandContext = {
    version: '0.0.0',
    mainFile: '',
    env,
    stdout,
    stderr,
    localDatasets: () => Promise.reject(new Error('this command has the data folder itself')),
    incompleteDatasets: () => Promise.resolve([]),
    retrain: () => Promise.reject(new Error('this command retrains nothing')),
    retrainAll: () => Promise.reject(new Error('this command retrains nothing')),
    ...given,
  };
  const command = create(context);
  for (const each of [command, ...command.commands]) {
    each.exitOverride().configureOutput({
      writeOut: (text) => (told.stdout += text),
      writeErr: (text) => (told.stderr += text),
    });
  }
  try {
    await new Command().addCommand(command).parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof VernierError) && !(error instanceof CommanderError)) throw error;
    told.error = error;
  }
  return told;
}
