import { sha256Hex } from './canonical.js';

/** A data set as a search or a node knows it. */
export interface DatasetInfo {
  name: string;
  /** The data's identity (`datasetIdentity`): what a search, a lease and a result name it by. */
  sha256: string;
  /** Training records, in file order; a search takes its training and validation records from these. */
  train: number;
  test: number;
  /** Bytes per record. */
  inputs: number;
  classes: number;
  /**
   * How a record is an image; absent where it is none, or nobody knows. It follows from the files, so it is no part of the identity:
   * what trains on the bytes as they are does not need it.
   */
  image?: ImageShape;
}

/** An image of a byte a channel and pixel. */
export interface ImageShape {
  channels: number;
  height: number;
  width: number;
  /** `planar`: [channels, height, width], as CIFAR-10; `interleaved`: [height, width, channels]. All the same with one channel: then `planar`. */
  order: 'planar' | 'interleaved';
}

/** Grey, grey with alpha, colour, colour with alpha. */
const MAX_CHANNELS = 4;

/**
 * How records of this shape are images: [height, width], [channels, height, width] or [height, width, channels] with 1 to 4
 * channels. Undefined for any other shape, where the channels can be the first axis or the last, and where an image would be one row
 * high or one column wide: that is a flat record with an axis of its own, as [1, 784].
 *
 * @param shape of one record, its last axis the fastest
 */
export function imageShapeOf(shape: readonly number[]): ImageShape | undefined {
  const image = channelsOf(shape);
  return image !== undefined && image.height > 1 && image.width > 1 ? image : undefined;
}

function channelsOf(shape: readonly number[]): ImageShape | undefined {
  const [a = 0, b = 0, c = 0] = shape;
  if (shape.length === 2) return { channels: 1, height: a, width: b, order: 'planar' };
  if (shape.length !== 3) return undefined;
  const [first, last] = [a <= MAX_CHANNELS, c <= MAX_CHANNELS];
  if (first === last) return undefined;
  if (first) return { channels: a, height: b, width: c, order: 'planar' };
  return { channels: c, height: a, width: b, order: c === 1 ? 'planar' : 'interleaved' };
}

/** What all know of a data set, without what a catalogue's entry holds besides. */
export function datasetInfoOf({ name, sha256, train, test, inputs, classes, image }: DatasetInfo): DatasetInfo {
  return { name, sha256, train, test, inputs, classes, ...(image === undefined ? {} : { image }) };
}

/** One file of a data set as it lies in the data folder, unpacked. Sums and sizes are of the unpacked content. */
export interface MemberFile {
  file: string;
  bytes: number;
  sha256: string;
  split: 'train' | 'test';
  /**
   * `images`, `labels`: an idx file of unsigned bytes, [records, ...] or [records];
   * `labelled-images`: records of one label byte and then the image's bytes, no header (CIFAR-10's binary version).
   */
  holds: 'images' | 'labels' | 'labelled-images';
}

/** A data set's name, which is also its folder's: lower case, because some file systems do not tell cases apart. */
export const DATASET_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Where a catalogued data set comes from. */
type DatasetSource =
  | { kind: 'embedded' }
  /** A .tar.gz with the member files somewhere inside. */
  | { kind: 'archive'; url: string }
  /** A folder of the member files, each gzipped as FILE.gz. */
  | { kind: 'gzipped-files'; url: string };

export interface CatalogueEntry extends DatasetInfo {
  title: string;
  /** In label order. */
  classNames: readonly string[];
  /** Records are read file by file in this order. */
  members: readonly MemberFile[];
  source: DatasetSource;
}

/**
 * The identity of a data set: SHA-256 over a line "SHA256  FILE\n" of each member file, sorted by file name, and then
 * "CLASSES classes\n". The number of classes belongs to it because the same files with another one train another network;
 * how the files were packed does not.
 */
export function datasetIdentity(members: readonly Pick<MemberFile, 'file' | 'sha256'>[], classes: number): string {
  const lines = members.map(({ file, sha256 }) => ({ file, line: `${sha256}  ${file}\n` }));
  lines.sort((a, b) => (a.file < b.file ? -1 : 1));
  return sha256Hex(`${lines.map(({ line }) => line).join('')}${classes} classes\n`);
}

/** Bytes before the elements of an idx file with `dimensions` axes. */
const idxHeaderBytes = (dimensions: number): number => 4 + 4 * dimensions;

const MNIST_IMAGE: ImageShape = { channels: 1, height: 28, width: 28, order: 'planar' };

/** The four files of the MNIST family: images [records, 28, 28] and labels [records]. */
function mnistMembers(
  train: { records: number; images: string; labels: string },
  test: { records: number; images: string; labels: string },
): MemberFile[] {
  const images = (records: number): number => idxHeaderBytes(3) + records * 28 * 28;
  const labels = (records: number): number => idxHeaderBytes(1) + records;
  return [
    {
      file: 'train-images-idx3-ubyte',
      bytes: images(train.records),
      sha256: train.images,
      split: 'train',
      holds: 'images',
    },
    {
      file: 'train-labels-idx1-ubyte',
      bytes: labels(train.records),
      sha256: train.labels,
      split: 'train',
      holds: 'labels',
    },
    {
      file: 't10k-images-idx3-ubyte',
      bytes: images(test.records),
      sha256: test.images,
      split: 'test',
      holds: 'images',
    },
    {
      file: 't10k-labels-idx1-ubyte',
      bytes: labels(test.records),
      sha256: test.labels,
      split: 'test',
      holds: 'labels',
    },
  ];
}

const CIFAR_IMAGE: ImageShape = { channels: 3, height: 32, width: 32, order: 'planar' };

/** A batch of 10,000 CIFAR-10 records: 1 label byte, then 32 x 32 red, green and blue bytes, each plane row-major. */
function cifarBatch(file: string, split: 'train' | 'test', sha256: string): MemberFile {
  return { file, bytes: 10_000 * (1 + 3072), sha256, split, holds: 'labelled-images' };
}

const FASHION_CLASSES = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

function entry(described: Omit<CatalogueEntry, 'sha256' | 'classes'>): CatalogueEntry {
  const classes = described.classNames.length;
  return { ...described, classes, sha256: datasetIdentity(described.members, classes) };
}

/** Every data set known by name, the embedded one first. */
export const datasetCatalogue: readonly CatalogueEntry[] = [
  entry({
    name: 'fashion-mnist-mini',
    title: 'class-balanced subset of Fashion-MNIST, part of Vernier',
    train: 7000,
    test: 1000,
    inputs: 784,
    image: MNIST_IMAGE,
    classNames: FASHION_CLASSES,
    source: { kind: 'embedded' },
    members: mnistMembers(
      {
        records: 7000,
        images: '1e7fb239a0cea296698b3fb8f533e984be8ba1cbd692818aa52d9f9516da2ac7',
        labels: '9ca9c32d42f03a88b16432e835a146f01659cdd343fad4e23960897f2b56ee56',
      },
      {
        records: 1000,
        images: '7cee33c3c6414b1b86c25e665a6c4f41584269de3b7cc9768b1d351922845eef',
        labels: '3128d790775889812b73c4f13923559c8b9e281d112c6ea7862acf60a206a909',
      },
    ),
  }),
  entry({
    name: 'cifar10',
    title: 'CIFAR-10, 32 x 32 colour images (A. Krizhevsky, 2009)',
    train: 50_000,
    test: 10_000,
    inputs: 3072,
    image: CIFAR_IMAGE,
    classNames: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
    source: { kind: 'archive', url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz' },
    members: [
      cifarBatch('data_batch_1.bin', 'train', 'cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5'),
      cifarBatch('data_batch_2.bin', 'train', 'a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed'),
      cifarBatch('data_batch_3.bin', 'train', 'bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67'),
      cifarBatch('data_batch_4.bin', 'train', '014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48'),
      cifarBatch('data_batch_5.bin', 'train', '755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add'),
      cifarBatch('test_batch.bin', 'test', '8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b'),
    ],
  }),
  entry({
    name: 'fashion-mnist',
    title: 'Fashion-MNIST, 28 x 28 grey images (Zalando, 2017; MIT licence)',
    train: 60_000,
    test: 10_000,
    inputs: 784,
    image: MNIST_IMAGE,
    classNames: FASHION_CLASSES,
    // Plain HTTP is all this address serves; the sums below are what makes it safe.
    source: { kind: 'gzipped-files', url: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/' },
    members: mnistMembers(
      {
        records: 60_000,
        images: 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
        labels: 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
      },
      {
        records: 10_000,
        images: '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
        labels: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
      },
    ),
  }),
  entry({
    name: 'mnist',
    title: 'MNIST, 28 x 28 handwritten digits (Y. LeCun, C. Cortes, C. Burges)',
    train: 60_000,
    test: 10_000,
    inputs: 784,
    image: MNIST_IMAGE,
    classNames: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    source: { kind: 'gzipped-files', url: 'https://storage.googleapis.com/cvdf-datasets/mnist/' },
    members: mnistMembers(
      {
        records: 60_000,
        images: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
        labels: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
      },
      {
        records: 10_000,
        images: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
        labels: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
      },
    ),
  }),
];

/** The catalogue's entry of this name. */
export function catalogued(name: string): CatalogueEntry | undefined {
  return datasetCatalogue.find((candidate) => candidate.name === name);
}
