// G.711 mu-law, as the telephone network carries a voice: 8,000 bytes a second.

const BIAS = 0x84;
const CLIP = 8159; // of 14 bits

const decoded = (code) => {
  const inverted = ~code & 0xff;
  const magnitude = ((((inverted & 0x0f) << 3) + BIAS) << ((inverted >> 4) & 7)) - BIAS;
  return inverted & 0x80 ? -magnitude : magnitude;
};

const DECODE = Int16Array.from({ length: 256 }, (_, code) => decoded(code));

export const SILENCE = 0xff;
export const FRAME = 160; // 20 ms

// A sample of 16 bits; what lies beyond is clipped.
export const encode = (sample) => {
  const high = Math.max(-32768, Math.min(32767, sample)) >> 2;
  const mask = high >= 0 ? 0xff : 0x7f;
  const magnitude = Math.min(Math.abs(high), CLIP) + (BIAS >> 2);
  const segment = 26 - Math.clz32(magnitude); // the highest set bit is bit 5 or above
  if (segment > 7) return 0x7f ^ mask;
  return ((segment << 4) | ((magnitude >> (segment + 1)) & 0x0f)) ^ mask;
};

export const decode = (code) => DECODE[code];
