# The native kernel (worker/kernel/native): the same two files once for each width of vectors, and the Node.js module that
# chooses among them at run time. Built where a GCC or Clang is; absent elsewhere, and on other processors than x64 and arm64.
{
  'target_defaults': {
    # No contracted multiply-add, no regrouping: docs/numerics.md. -O3 stands behind what node-gyp asks for.
    'cflags': ['-std=gnu11', '-O3', '-ffp-contract=off', '-fno-fast-math', '-Wno-psabi', '-Wextra'],
    'xcode_settings': {
      'GCC_OPTIMIZATION_LEVEL': '3',
      'OTHER_CFLAGS': ['-std=gnu11', '-ffp-contract=off', '-fno-fast-math'],
    },
    'defines': ['NAPI_VERSION=8'],
  },
  'variables': {
    'float_sources': ['worker/kernel/native/source/float32.c', 'worker/kernel/native/source/float64.c'],
    'avx512_flags': ['-mavx512f', '-mavx512vl', '-mavx512dq', '-mavx512bw'],
  },
  'targets': [
    {
      'target_name': 'vernier_kernel',
      'sources': ['worker/kernel/native/source/addon.c'],
      'defines': ['SOURCE_DIGEST="<!(node worker/kernel/native/setup/source-digest.cjs)"'],
      'conditions': [
        ["target_arch=='x64'", {'dependencies': ['sse2', 'avx2', 'avx512vl', 'avx512']}],
        ["target_arch=='arm64'", {'dependencies': ['neon']}],
      ],
    },
  ],
  'conditions': [
    ["target_arch=='x64'", {
      'targets': [
        {
          'target_name': 'sse2',
          'type': 'static_library',
          'sources': ['<@(float_sources)'],
          'defines': ['WIDTH=sse2', 'VECTOR_BYTES=16', 'TILE_HEIGHT=5', 'TILE_VECTORS=2'],
        },
        {
          'target_name': 'avx2',
          'type': 'static_library',
          'sources': ['<@(float_sources)'],
          'defines': ['WIDTH=avx2', 'VECTOR_BYTES=32', 'TILE_HEIGHT=6', 'TILE_VECTORS=2'],
          'cflags': ['-mavx2'],
          'xcode_settings': {'OTHER_CFLAGS': ['-mavx2']},
        },
        {
          'target_name': 'avx512vl',
          'type': 'static_library',
          'sources': ['<@(float_sources)'],
          'defines': ['WIDTH=avx512vl', 'VECTOR_BYTES=32', 'TILE_HEIGHT=5', 'TILE_VECTORS=4'],
          'cflags': ['<@(avx512_flags)', '-mprefer-vector-width=256'],
          'xcode_settings': {'OTHER_CFLAGS': ['<@(avx512_flags)', '-mprefer-vector-width=256']},
        },
        {
          'target_name': 'avx512',
          'type': 'static_library',
          'sources': ['<@(float_sources)'],
          'defines': ['WIDTH=avx512', 'VECTOR_BYTES=64', 'TILE_HEIGHT=5', 'TILE_VECTORS=4'],
          'cflags': ['<@(avx512_flags)', '-mprefer-vector-width=512'],
          'xcode_settings': {'OTHER_CFLAGS': ['<@(avx512_flags)', '-mprefer-vector-width=512']},
        },
      ],
    }],
    ["target_arch=='arm64'", {
      'targets': [
        {
          'target_name': 'neon',
          'type': 'static_library',
          'sources': ['<@(float_sources)'],
          'defines': ['WIDTH=neon', 'VECTOR_BYTES=16', 'TILE_HEIGHT=5', 'TILE_VECTORS=4'],
        },
      ],
    }],
  ],
}
