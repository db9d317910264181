import { describe, expect, it } from 'vitest';
import { catalogued, DATASET_NAME, datasetCatalogue, datasetIdentity, imageShapeOf } from '../../../proto/datasets.js';
import { sha256 } from '../../support/datasets.js';

describe('catalogue', () => {
  it.each(datasetCatalogue)('$name: sizes fit counts, and names are usable', (entry) => {
    expect(entry.name).toMatch(DATASET_NAME);
    expect(entry.classes).toBe(entry.classNames.length);
    for (const split of ['train', 'test'] as const) {
      const members = entry.members.filter((member) => member.split === split);
      const bodies = members.map(({ holds, bytes }) => {
        const header = holds === 'images' ? 16 : holds === 'labels' ? 8 : 0;
        return bytes - header;
      });
      expect(bodies.reduce((sum, bytes) => sum + bytes, 0)).toBe(entry[split] * (entry.inputs + 1));
    }
  });

  it('holds every name and every identity once', () => {
    expect(new Set(datasetCatalogue.map(({ name }) => name)).size).toBe(datasetCatalogue.length);
    expect(new Set(datasetCatalogue.map((entry) => entry.sha256)).size).toBe(datasetCatalogue.length);
    expect(catalogued('cifar10')?.train).toBe(50_000);
    expect(catalogued('nosuch')).toBeUndefined();
  });
});

describe('imageShapeOf', () => {
  it.each<[number[], ReturnType<typeof imageShapeOf>]>([
    [[28, 27], { channels: 1, height: 28, width: 27, order: 'planar' }],
    [[1, 28, 27], { channels: 1, height: 28, width: 27, order: 'planar' }],
    [[3, 32, 31], { channels: 3, height: 32, width: 31, order: 'planar' }],
    [[32, 31, 3], { channels: 3, height: 32, width: 31, order: 'interleaved' }],
    [[32, 31, 1], { channels: 1, height: 32, width: 31, order: 'planar' }],
    [[784], undefined],
    [[1, 784], undefined],
    [[784, 1], undefined],
    [[1, 1, 784], undefined],
    [[784, 1, 3], undefined],
    [[3, 32, 3], undefined], // the channels may be either
    [[5, 32, 32], undefined],
    [[2, 3, 32, 32], undefined],
    [[], undefined],
  ])('%j', (shape, image) => expect(imageShapeOf(shape)).toEqual(image));

  it('is of every data set in the catalogue, and holds all of its inputs', () => {
    for (const { image, inputs } of datasetCatalogue) {
      expect(image!.channels * image!.height * image!.width).toBe(inputs);
    }
  });
});

describe('datasetIdentity', () => {
  const members = [
    { file: 'b', sha256: 'bb' },
    { file: 'a', sha256: 'aa' },
  ];

  it('is the sum over sorted lines, so that the order of files does not matter', () => {
    const expected = sha256(Buffer.from('aa  a\nbb  b\n10 classes\n'));
    expect(datasetIdentity(members, 10)).toBe(expected);
    expect(datasetIdentity(members.toReversed(), 10)).toBe(expected);
  });

  it('differs for another content, name or number of classes', () => {
    const others = [
      datasetIdentity(members, 11),
      datasetIdentity([members[0]!, { file: 'a', sha256: 'ac' }], 10),
      datasetIdentity([members[0]!, { file: 'c', sha256: 'aa' }], 10),
    ];
    expect(new Set([datasetIdentity(members, 10), ...others]).size).toBe(4);
  });
});
