import type { Dropout } from './kernel.js';

/* What a network has room for, by its shape. */

/** @throws TypeError when there is none: what was asked for does not stand in the network's shape */
export function roomFor<Room>(what: 'momentum' | 'dropout' | 'gradients', room: Room | false | undefined): Room {
  if (room === undefined || room === false) throw new TypeError(`the network's shape does not ask for ${what}`);
  return room;
}

/**
 * Which of a hidden layer's units a mini-batch keeps: [rows, units].
 *
 * @param layer the hidden layer, from 0
 * @throws TypeError when there are more or fewer
 */
export function keptUnits({ kept }: Dropout, layer: number, rows: number, units: number): Uint8Array {
  const of = kept[layer];
  if (of?.length !== rows * units) {
    throw new TypeError(
      `dropout of hidden layer ${layer + 1} is of ${of?.length ?? 0} units, not of ${rows} x ${units}`,
    );
  }
  return of;
}
