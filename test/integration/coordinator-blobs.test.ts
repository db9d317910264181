import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientWritableStream } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256Hex } from '../../proto/canonical.js';
import { fromGrpcError } from '../../proto/errors.js';
import type { BlobsClient } from '../../proto/generated/vernier/v1/Blobs.js';
import type { PutBlobRequest } from '../../proto/generated/vernier/v1/PutBlobRequest.js';
import type { StatBlobResponse__Output } from '../../proto/generated/vernier/v1/StatBlobResponse.js';
import { uploadBlob } from '../../worker/session/upload.js';
import { call, CoordinatorFixture } from '../support/coordinator-fixture.js';
import { ScriptedWorker } from '../support/scripted-worker.js';

let fixture: CoordinatorFixture;
let address: string;
let blobs: BlobsClient;

beforeEach(async () => {
  fixture = new CoordinatorFixture();
  ({ address } = await fixture.start());
  blobs = fixture.blobs(address);
});

afterEach(() => fixture.dispose());

const bytes = Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * i) % 251));
const sha256 = sha256Hex(bytes);

const stat = (name = sha256) => call<StatBlobResponse__Output>((done) => blobs.statBlob({ sha256: name }, done));

/** A transfer played by hand. */
function transfer(): { stream: ClientWritableStream<PutBlobRequest>; answer: Promise<StatBlobResponse__Output> } {
  let stream: ClientWritableStream<PutBlobRequest>;
  const answer = call<StatBlobResponse__Output>((done) => (stream = blobs.putBlob(done)));
  answer.catch(() => undefined);
  return { stream: stream!, answer };
}

async function download(name: string, offset = 0): Promise<Buffer> {
  const parts: Buffer[] = [];
  try {
    for await (const { data } of blobs.getBlob({ sha256: name, offset }) as AsyncIterable<{ data: Buffer }>) {
      expect(data.length).toBeLessThanOrEqual(1024 * 1024);
      parts.push(data);
    }
  } catch (error) {
    throw fromGrpcError(error);
  }
  return Buffer.concat(parts);
}

describe('a blob', () => {
  it('goes up as a worker sends it and comes down again', async () => {
    expect(await uploadBlob(blobs, bytes)).toBe(sha256);
    expect(await stat()).toEqual({ sha256, size: bytes.length, held: bytes.length, complete: true });
    expect((await download(sha256)).equals(bytes)).toBe(true);
    expect((await download(sha256, 2_999_000)).equals(bytes.subarray(2_999_000))).toBe(true);
    expect(await uploadBlob(blobs, bytes)).toBe(sha256); // there already
  });

  it('whose transfer was cut keeps what arrived; a restarted coordinator goes on from there', async () => {
    const { stream, answer } = transfer();
    stream.write({ header: { sha256, size: bytes.length, offset: 0 } });
    stream.write({ chunk: bytes.subarray(0, 1_000_000) });
    while ((await stat()).held < 1_000_000);
    stream.cancel();
    await expect(answer).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await fixture.closeAll();
    ({ address } = await fixture.start());
    blobs = fixture.blobs(address);
    expect(await stat()).toEqual({ sha256, size: 0, held: 1_000_000, complete: false });
    await expect(download(sha256)).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
    await uploadBlob(blobs, bytes);
    expect((await download(sha256)).equals(bytes)).toBe(true);
  });

  it.each<[string, PutBlobRequest[], string]>([
    ['with other bytes', [{ header: { sha256, size: 3, offset: 0 } }, { chunk: Buffer.from('abc') }], 'BLOB_MISMATCH'],
    ['that ends early', [{ header: { sha256, size: 9, offset: 0 } }, { chunk: Buffer.from('abc') }], 'BLOB_MISMATCH'],
    ['too large', [{ header: { sha256, size: 1e15, offset: 0 } }], 'BLOB_MISMATCH'],
    ['of NaN bytes', [{ header: { sha256, size: NaN, offset: NaN } }], 'BLOB_MISMATCH'],
    ['from a gap', [{ header: { sha256, size: 9, offset: 5 } }], 'BLOB_MISMATCH'],
    ['named like a path', [{ header: { sha256: '../../../etc/passwd', size: 9, offset: 0 } }], 'BLOB_MISMATCH'],
    ['without a header', [{ chunk: Buffer.from('abc') }], 'PROTOCOL_VIOLATION'],
    ['with two headers', [{ header: { sha256, size: 9, offset: 0 } }, { header: { sha256 } }], 'PROTOCOL_VIOLATION'],
    ['of nothing', [], 'PROTOCOL_VIOLATION'],
    [
      'in a chunk beyond the limit',
      [{ header: { sha256, size: bytes.length, offset: 0 } }, { chunk: bytes.subarray(0, 1024 * 1024 + 1) }],
      'PROTOCOL_VIOLATION',
    ],
  ])('%s is refused', async (_what, messages, code) => {
    const { stream, answer } = transfer();
    for (const message of messages) stream.write(message);
    stream.end();
    await expect(answer).rejects.toMatchObject({ code });
    expect(readdirSync(`${fixture.store}-blobs`).filter((name) => !name.endsWith('.part'))).toEqual([]);
  });

  it('that cannot be is refused to readers, too', async () => {
    await expect(download('../store.db')).rejects.toMatchObject({ code: 'BLOB_MISMATCH' });
    await expect(stat('x'.repeat(100_000))).rejects.toMatchObject({ code: 'BLOB_MISMATCH' });
    await uploadBlob(blobs, bytes);
    await expect(download(sha256, NaN)).rejects.toMatchObject({ code: 'BLOB_MISMATCH' });
    await expect(download(sha256, -1)).rejects.toMatchObject({ code: 'BLOB_MISMATCH' });
  });

  it('is read by a slow or vanishing reader without harm', async () => {
    await uploadBlob(blobs, bytes);
    const reader = blobs.getBlob({ sha256, offset: 0 });
    reader.on('error', () => undefined);
    await new Promise((resolve) => reader.once('data', resolve));
    reader.cancel();
    expect((await download(sha256)).equals(bytes)).toBe(true);
  });
});

describe("trials' weights", () => {
  const metric = (value: number) => [{ name: 'val_accuracy', value }];

  it('are kept of the best trial only; what nothing refers to is removed', async () => {
    const searches = fixture.searches(address);
    const id = await searches.submitted();
    const worker = await ScriptedWorker.join(address);
    worker.demand(1);
    const names: string[] = [];
    for (const [index, score] of [0.5, 0.4, 0.6].entries()) {
      const weights = Buffer.from(`weights ${index}`);
      const weightsBlob = await uploadBlob(blobs, weights);
      names.push(weightsBlob);
      worker.finish(await worker.lease(), { outcome: 'OUTCOME_COMPLETED', metrics: metric(score), weightsBlob });
      await worker.next('acknowledged');
    }
    const { rounds, best } = await searches.get(id);
    expect(best).toMatchObject({ number: 3, score: 0.6 });
    expect(rounds[0]?.trials.map(({ weightsKept, weightsBlob }) => [weightsKept, weightsBlob])).toEqual([
      [false, ''],
      [false, ''],
      [true, names[2]],
    ]);
    while (readdirSync(`${fixture.store}-blobs`).length > 1) await new Promise((resolve) => setImmediate(resolve));
    expect(existsSync(join(`${fixture.store}-blobs`, names[2]!))).toBe(true);
  });

  it('that another search needs stay', async () => {
    const searches = fixture.searches(address);
    const ids = [await searches.submitted(), await searches.submitted({ seed: 1 })];
    const worker = await ScriptedWorker.join(address, { threads: 2 });
    const weightsBlob = await uploadBlob(blobs, Buffer.from('the same weights'));
    const better = await uploadBlob(blobs, Buffer.from('better weights'));
    worker.demand(1);
    worker.finish(await worker.lease(), { outcome: 'OUTCOME_COMPLETED', metrics: metric(0.5), weightsBlob, free: 1 });
    worker.finish(await worker.lease(), { outcome: 'OUTCOME_COMPLETED', metrics: metric(0.1), free: 1 });
    worker.finish(await worker.lease(), { outcome: 'OUTCOME_COMPLETED', metrics: metric(0.2), free: 0 });
    for (let i = 0; i < 3; i++) await worker.next('acknowledged');
    await call((done) => searches.client.cancelSearch({ id: ids[0]! }, done));
    worker.demand(1);
    worker.finish(await worker.lease(), { outcome: 'OUTCOME_COMPLETED', metrics: metric(0.5), weightsBlob, free: 1 });
    worker.finish(await worker.lease(), {
      outcome: 'OUTCOME_COMPLETED',
      metrics: metric(0.9),
      weightsBlob: better,
      free: 0,
    });
    for (let i = 0; i < 2; i++) await worker.next('acknowledged');
    expect((await stat(weightsBlob)).complete).toBe(true); // the cancelled search's best
    expect((await searches.get(ids[1]!)).rounds[0]?.trials[0]).toMatchObject({ weightsKept: false });
  });

  it('that are not here do not keep the result from counting', async () => {
    const searches = fixture.searches(address);
    const id = await searches.submitted();
    const worker = await ScriptedWorker.join(address);
    worker.demand(1);
    worker.finish(await worker.lease(), { weightsBlob: 'ab'.repeat(32), free: 0 });
    await worker.next('acknowledged');
    expect((await searches.get(id)).rounds[0]?.trials[0]).toMatchObject({ weightsKept: false, weightsBlob: '' });
    expect(fixture.log.join('\n')).toContain('which is not here');
  });
});
