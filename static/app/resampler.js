// From one rate of samples to another, by a windowed sinc that lets nothing through that the slower
// of the two could not carry. Asked for one sample at a time, so that it never has to wait.

const LOBES = 8;
const PHASES = 64;
const RING = 8192;
const EDGE = 0.92; // of what the slower rate can carry

export class Resampler {
  constructor(from, to) {
    this.step = from / to;
    const scale = Math.min(1, to / from) * EDGE;
    this.half = Math.ceil(LOBES / scale);
    this.kernels = Array.from({ length: PHASES }, (_, phase) =>
      kernel(this.half, scale, phase / PHASES),
    );
    this.ring = new Float32Array(RING);
    this.written = this.half; // silence before the beginning
    this.position = this.half;
  }

  feed(sample) {
    this.ring[this.written & (RING - 1)] = sample;
    this.written += 1;
  }

  // Is there enough for `count` samples more?
  ready(count = 1) {
    return Math.floor(this.position + (count - 1) * this.step) + this.half < this.written;
  }

  next() {
    const whole = Math.floor(this.position);
    const taps = this.kernels[Math.floor((this.position - whole) * PHASES)];
    let sum = 0;
    for (let tap = 0; tap < taps.length; tap += 1) {
      sum += taps[tap] * this.ring[(whole - this.half + 1 + tap) & (RING - 1)];
    }
    this.position += this.step;
    return sum;
  }
}

const kernel = (half, scale, fraction) => {
  const taps = Float32Array.from({ length: 2 * half }, (_, tap) => {
    const at = tap - half + 1 - fraction;
    const x = Math.PI * scale * at;
    const window = 0.5 + 0.5 * Math.cos((Math.PI * at) / half);
    return (x === 0 ? 1 : Math.sin(x) / x) * window;
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
};
