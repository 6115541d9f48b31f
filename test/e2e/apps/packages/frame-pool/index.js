const FRAMES = 128;
const FRAME_BYTES = 1024;
const lent = [];

/** Lends frames that are never returned. The buffers are off the heap; the 32 KiB that hold them are on it. */
export function lendFrames(number) {
  for (let i = 0; i < FRAMES; i++) {
    lent.push({ number, i, frame: Buffer.allocUnsafeSlow(FRAME_BYTES) });
  }
}
