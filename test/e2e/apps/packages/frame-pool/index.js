const FRAMES = 128;
const FRAME_BYTES = 1024;
const lent = [];

/** Lends frames that never come back. The buffers are off the heap; what holds them, 32 KiB, is on it. */
export function lendFrames(number) {
  for (let i = 0; i < FRAMES; i++) {
    lent.push({ number, i, frame: Buffer.allocUnsafeSlow(FRAME_BYTES) });
  }
}
