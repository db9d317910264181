import { Command } from 'commander';
import type { CommandFactory } from '../../proto/command.js';
import { addCommand } from './data-add.js';
import { fetchCommand } from './data-fetch.js';
import { listCommand } from './data-list.js';
import { removeCommand } from './data-remove.js';
import { verifyCommand } from './data-verify.js';

const HELP = `
Examples:
  vernier data list
  vernier data fetch cifar10
  vernier data add digits ./digits

Data sets lie in the user's cache folder ($XDG_CACHE_HOME or ~/.cache, then
vernier/data); VERNIER_DATA_DIR and --data-dir name another. fashion-mnist-mini
is part of Vernier and always there.`;

/** `vernier data`: what data sets this machine has. */
export const dataCommand: CommandFactory = (context) => {
  const command = new Command('data').addHelpText('after', HELP);
  for (const create of [fetchCommand, addCommand, listCommand, verifyCommand, removeCommand]) {
    const child = create(context);
    command.addCommand(child.showHelpAfterError(`(vernier data ${child.name()} --help tells more)`));
  }
  return command;
};
