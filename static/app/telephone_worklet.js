// A telephone's two ends, in the thread that makes the sound: 20 ms of mu-law out of the microphone,
// and mu-law into the loudspeaker.

import { FRAME, decode, encode } from "./mulaw.js";
import { Resampler } from "./resampler.js";

const TELEPHONE = 8000;

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, TELEPHONE);
    this.frame = new Uint8Array(FRAME);
    this.filled = 0;
    this.loudest = 0;
    this.muted = false;
    this.port.onmessage = ({ data }) => {
      this.muted = data.muted;
    };
  }

  process([input]) {
    const samples = input[0];
    for (let index = 0; index < 128; index += 1) {
      this.resampler.feed(samples && !this.muted ? samples[index] : 0);
      while (this.resampler.ready()) this.take(this.resampler.next());
    }
    return true;
  }

  take(sample) {
    this.loudest = Math.max(this.loudest, Math.abs(sample));
    this.frame[this.filled] = encode(Math.round(sample * 32767));
    this.filled += 1;
    if (this.filled === FRAME) {
      this.port.postMessage({ frame: this.frame.slice(), loudest: this.loudest });
      this.filled = 0;
      this.loudest = 0;
    }
  }
}

class Loudspeaker extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(TELEPHONE, sampleRate);
    this.chunks = [];
    this.offset = 0; // into the first of them
    this.queued = 0;
    this.played = 0;
    this.marks = []; // what has to be played before each
    this.told = 0;
    this.port.onmessage = ({ data }) => this.hear(data);
  }

  hear({ frame, mark, clear }) {
    if (frame) {
      this.chunks.push(frame);
      this.queued += frame.length;
    } else if (mark !== undefined) {
      this.marks.push({ name: mark, at: this.queued });
      this.reach();
    } else if (clear) {
      // As the carrier does: what was not played is gone, and its marks come back all the same.
      this.chunks = [];
      this.offset = 0;
      this.queued = this.played;
      for (const each of this.marks) each.at = this.played;
      this.reach();
    }
  }

  process(_inputs, [output]) {
    for (let index = 0; index < 128; index += 1) {
      while (!this.resampler.ready()) this.resampler.feed(this.take());
      const sample = this.resampler.next();
      for (const channel of output) channel[index] = sample;
    }
    this.reach();
    if (this.played - this.told >= TELEPHONE / 10) {
      this.told = this.played;
      this.port.postMessage({ played: this.played });
    }
    return true;
  }

  take() {
    const chunk = this.chunks[0];
    if (!chunk) return 0;
    const sample = decode(chunk[this.offset]) / 32768;
    this.offset += 1;
    this.played += 1;
    if (this.offset === chunk.length) {
      this.chunks.shift();
      this.offset = 0;
    }
    return sample;
  }

  reach() {
    while (this.marks.length && this.marks[0].at <= this.played) {
      this.port.postMessage({ mark: this.marks.shift().name });
    }
  }
}

registerProcessor("microphone", Microphone);
registerProcessor("loudspeaker", Loudspeaker);
