// A browser as a telephone and its carrier: the media-stream protocol over a WebSocket.

const LOGGED_OUT = 4401;
const RELOAD_AFTER_MS = 300;

const asBase64 = (bytes) => btoa(String.fromCharCode(...bytes));
export const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

export const socketTo = (path) => {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  socket.addEventListener("close", ({ code }) => {
    // Whoever is no longer logged in is led to the login; whoever is, sees what is left to see. The
    // news is quicker than the end of the request that has logged them out.
    if (code === LOGGED_OUT) setTimeout(() => location.reload(), RELOAD_AFTER_MS);
  });
  return socket;
};

// The sound of this page, once somebody has pressed a button: browsers refuse it before.
export const openSound = async (worklet) => {
  const context = new AudioContext({ latencyHint: "interactive" });
  await context.resume();
  await context.audioWorklet.addModule(worklet);
  return context;
};

export const loudspeaker = (context) => {
  const node = new AudioWorkletNode(context, "loudspeaker", {
    numberOfInputs: 0,
    outputChannelCount: [1],
  });
  node.connect(context.destination);
  return node;
};

export class Telephone {
  // `on` is told: level(0..1), played(samples), closed(code).
  constructor({ context, microphone, path, call, account, on }) {
    this.context = context;
    this.on = on;
    this.stream = `MZ${call}`;
    this.chunk = 0;
    this.source = context.createMediaStreamSource(microphone);
    this.tracks = microphone.getTracks();
    this.ear = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0 });
    this.mouth = loudspeaker(context);
    this.socket = socketTo(path);
    this.socket.onopen = () => this.start(call, account);
    this.socket.onmessage = ({ data }) => this.hear(JSON.parse(data));
    this.socket.onclose = ({ code }) => this.close(code);
    this.mouth.port.onmessage = ({ data }) => {
      if (data.mark !== undefined) this.send("mark", { name: data.mark });
      else on.played(data.played);
    };
  }

  mute(muted) {
    this.ear.port.postMessage({ muted });
  }

  hangUp() {
    this.send("stop", { callSid: this.call });
    this.socket.close(1000);
  }

  start(call, account) {
    this.call = call;
    this.socket.send(JSON.stringify({ event: "connected", protocol: "Call", version: "1.0.0" }));
    this.send("start", {
      streamSid: this.stream,
      callSid: call,
      accountSid: account,
      tracks: ["inbound"],
      mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
    });
    this.ear.port.onmessage = ({ data }) => this.speak(data);
    this.source.connect(this.ear);
  }

  speak({ frame, loudest }) {
    this.chunk += 1;
    const timestamp = String((this.chunk - 1) * 20);
    const payload = asBase64(frame);
    this.send("media", { track: "inbound", chunk: String(this.chunk), timestamp, payload });
    this.on.level(loudest);
  }

  hear({ event, media, mark }) {
    if (event === "media") this.mouth.port.postMessage({ frame: fromBase64(media.payload) });
    else if (event === "mark") this.mouth.port.postMessage({ mark: mark.name });
    else if (event === "clear") this.mouth.port.postMessage({ clear: true });
  }

  send(event, content) {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.socket.send(JSON.stringify({ event, streamSid: this.stream, [event]: content }));
  }

  close(code) {
    this.source.disconnect();
    this.tracks.forEach((track) => track.stop());
    this.context.close();
    this.on.closed(code);
  }
}
