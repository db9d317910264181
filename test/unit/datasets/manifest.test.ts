import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VernierError } from '../../../proto/errors.js';
import { parseManifest, writeManifest, type OwnDataset } from '../../../worker/datasets/manifest.js';
import { sha256 } from '../../support/datasets.js';

const sum = sha256(Buffer.from('x'));
const sound = (): OwnDataset => ({
  name: 'digits',
  train: 4,
  test: 2,
  inputs: 9,
  classes: 3,
  members: [
    { file: 'train-labels.idx', bytes: 12, sha256: sum, split: 'train', holds: 'labels' },
    { file: 'train-images.idx', bytes: 52, sha256: sum, split: 'train', holds: 'images' },
    { file: 'test-labels.idx', bytes: 10, sha256: sum, split: 'test', holds: 'labels' },
    { file: 'test-images.idx', bytes: 34, sha256: sum, split: 'test', holds: 'images' },
  ],
});
const IMAGE = { channels: 1, height: 3, width: 3, order: 'planar' } as const;
type Raw = Record<string, unknown> & { members: Record<string, unknown>[] };
const raw = (): Raw => JSON.parse(writeManifest(sound())) as Raw;

describe('manifest', () => {
  it('reads what it writes', () => {
    expect(parseManifest(writeManifest(sound()), 'm')).toEqual(sound());
    const trainOnly = { ...sound(), test: 0, members: sound().members.slice(0, 2) };
    expect(parseManifest(writeManifest(trainOnly), 'm')).toEqual(trainOnly);
    expect(parseManifest(writeManifest({ ...sound(), image: IMAGE }), 'm')).toEqual({ ...sound(), image: IMAGE });
  });

  it.each<[string, (manifest: Raw) => void, string]>([
    ['another format', (m) => (m['format'] = 2), 'format: '],
    ['an unknown key', (m) => (m['clases'] = 3), 'clases'],
    ['an image of another size', (m) => (m['image'] = { ...IMAGE, width: 4 }), 'are not the 9 inputs'],
    ['an image in no order', (m) => (m['image'] = { ...IMAGE, order: 'columns' }), 'image.order: '],
    ['no records', (m) => (m['train'] = 0), 'train: '],
    ['half a record', (m) => (m['train'] = 3.5), 'train: '],
    ['257 classes', (m) => (m['classes'] = 257), 'classes: '],
    ['a file outside its folder', (m) => (m.members[0]!['file'] = '../../etc/passwd'), 'members.0.file: '],
    ['a sum that is none', (m) => (m.members[1]!['sha256'] = 'abc'), 'members.1.sha256: '],
    ['two files for one thing', (m) => (m.members[0]!['holds'] = 'images'), '2 files hold the train images'],
    ['no file for a thing', (m) => m.members.pop(), '0 files hold the test images, expected 1'],
    ['test files without test records', (m) => (m['test'] = 0), '1 files hold the test images, expected 0'],
    ['a size that cannot be', (m) => (m.members[0]!['bytes'] = 4), 'train-labels.idx cannot have 4 bytes'],
    [
      'a header of gigabytes',
      (m) => (m.members[1]!['bytes'] = 2 ** 40),
      'train-images.idx cannot have 1099511627776 bytes',
    ],
  ])('refuses %s', (_case, change, message) => {
    const manifest = raw();
    change(manifest);
    const parse = (): unknown => parseManifest(JSON.stringify(manifest), 'digits/dataset.json');
    expect(parse).toThrow(VernierError);
    expect(parse).toThrow('digits/dataset.json: ');
    expect(parse).toThrow(message);
  });

  it('never crashes, whatever the text', () => {
    const survives = (text: string): void => {
      try {
        parseManifest(text, 'm');
      } catch (error) {
        expect(error).toMatchObject({ code: 'DATASET_CORRUPT' });
      }
    };
    fc.assert(fc.property(fc.string(), survives));
    fc.assert(fc.property(fc.json(), survives));
    const key = fc.constantFrom(...Object.keys(raw()));
    fc.assert(fc.property(key, fc.jsonValue(), (name, value) => survives(JSON.stringify({ ...raw(), [name]: value }))));
    const memberKey = fc.constantFrom('file', 'bytes', 'sha256', 'split', 'holds');
    fc.assert(
      fc.property(fc.nat(3), memberKey, fc.jsonValue(), (index, name, value) => {
        const manifest = raw();
        manifest.members[index]![name] = value;
        survives(JSON.stringify(manifest));
      }),
    );
  });
});
