import { blockedKernel } from '../blocked/index.js';
import type { Kernel } from '../kernel.js';
import type { NativeAddon, NativeWidth } from './addon.js';

export { loadNativeAddon, type NativeAddon, type NativeWidth } from './addon.js';

/** The native kernel with vectors of one width. */
export function nativeKernel(addon: NativeAddon, width: NativeWidth, memory: WebAssembly.Memory): Kernel {
  return blockedKernel('native', addon.functions(width, memory), memory);
}
