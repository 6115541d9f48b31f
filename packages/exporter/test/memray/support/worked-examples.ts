import { hex } from './hex.js';

/** A whole ALL_ALLOCATIONS capture, format 13, 222 bytes. */
export const ALL_ALLOCATIONS_EXAMPLE: Uint8Array = hex(`
  6d 65 6d 72 61 79 00                      // magic
  0d 00 00 00                               // format 13
  f0 00 0b 03                               // python_version
  00                                        // no native traces
  00                                        // ALL_ALLOCATIONS
  06 00 00 00 00 00 00 00                   // 6 allocation and deallocation records
  00 00 00 00 00 00 00 00                   // frames: always 0
  00 68 e5 cf 8b 01 00 00                   // start 1700000000000
  fa 68 e5 cf 8b 01 00 00                   // end   1700000000250
  6e 6f 64 65 20 61 2e 6a 73 00             // "node a.js"
  92 10 00 00                               // pid 4242
  01 00 00 00 00 00 00 00                   // main thread 1
  00 00 00 00 00 00 00 00                   // skipped frames 0
  04 00 00                                  // allocator "other", not traced, no object lifetimes
  6e 6f 64 65 3a 00                         // libdest "node:"
  2f 61 2f 6e 6f 64 65 5f 6d 6f 64 75 6c 65 73 00 00   // site_packages ["/a/node_modules"]
  2f 61 00 00                               // sys_path ["/a"]
  02 80 80 80 19 00                         // memory record: 52428800, start + 0
  0c 01 00 00 00 00 00 00 00                // thread 1
  0a 6d 61 69 6e 00                         // named "main"
  0e 00 66 00 2f 61 2f 61 2e 6a 73 00 06 02 e8 00   // code object 0: f, /a/a.js, line 3
  0e 01 67 00 2f 61 2f 61 2e 6a 73 00 03 02 e8 00   // code object 1: g, /a/a.js, line 1
  41 00 00                                  // push 0
  41 01 00                                  // push 1
  fe 80 88 80 80 80 f8 07 ac 02             // MALLOC 300 at 7f0000001000, a miss
  85                                        // FREE of it, cache index 0
  f8 0f 08 40                               // CALLOC 64 at 7f0000000fc0, a miss
  f8 90 f8 ff ff 3f 0e 80 40                // MMAP 8192 at 7f1000000000, a miss
  11                                        // pop 2
  0c 02 00 00 00 00 00 00 00                // thread 2
  80 0f 80 20                               // MUNMAP 4096 at 7f1000000000, cache index 0
  02 80 80 c0 19 fa 01                      // memory record: 53477376, start + 250
  fd fd ff ff ff bf f8 07                   // FREE of 8
  01                                        // trailer
`);

/** A whole AGGREGATED_ALLOCATIONS capture, format 13, 213 bytes. */
export const AGGREGATED_EXAMPLE: Uint8Array = hex(`
  6d 65 6d 72 61 79 00  0d 00 00 00  f0 00 0b 03  00
  01                                        // AGGREGATED_ALLOCATIONS
  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
  00 68 e5 cf 8b 01 00 00  fa 68 e5 cf 8b 01 00 00
  78 00                                     // "x"
  01 00 00 00                               // pid 1
  01 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  04 00 00
  00  00  00                                // no paths
  01 00 68 e5 cf 8b 01 00 00 00 00 20 03 00 00 00 00 2c 01 00 00 00 00 00 00   // snapshot: 52428800, heap 300
  0c 01 00 00 00 00 00 00 00  0a 6d 61 69 6e 00      // thread 1 is "main"
  0e 00 66 00 2f 61 2e 6a 73 00 06 02 e8 00          // code object 0: f, /a.js, line 3
  04 00 00 00 01                            // frame 0 = code object 0, offset 0, entry
  03 00 00                                  // stack 1 = frame 0 under the root
  02                                        // aggregated allocation
  01 00 00 00 00 00 00 00  06 00 00 00 00 00 00 00   // thread 1, MALLOC and padding
  00 00 00 00 00 00 00 00  01 00 00 00 00 00 00 00   // no native stack, stack 1
  00 00 00 00 00 00 00 00                   // map generation 0
  02 00 00 00 00 00 00 00  01 00 00 00 00 00 00 00   // 2 at the peak, 1 leaked
  2c 01 00 00 00 00 00 00  64 00 00 00 00 00 00 00   // 300 bytes at the peak, 100 leaked
  0f                                        // trailer
`);
