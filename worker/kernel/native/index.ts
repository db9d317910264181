import { blockedKernel } from '../blocked/index.js';
import type { NativeWidth } from '../../../proto/kernels.js';
import type { Kernel } from '../kernel.js';
import type { NativeAddon } from './addon.js';

export { isNativeBuilt, loadNativeAddon, type NativeAddon } from './addon.js';

/** The native kernel with vectors of one width. */
export function nativeKernel(addon: NativeAddon, width: NativeWidth, memory: WebAssembly.Memory): Kernel {
  const functions = addon.functions(width, memory);
  return blockedKernel('native', (precision) => functions[precision], memory);
}
