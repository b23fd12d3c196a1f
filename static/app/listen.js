// Listening in to a call: both sides of it, from the moment on which somebody presses the button.

import { fromBase64, loudspeaker, openSound, socketTo } from "./telephone.js";
import { FRAME, SILENCE } from "./mulaw.js";

const box = document.querySelector("[data-listen]");
const button = box.querySelector("button");
const QUIET_MS = 400;
const AHEAD = new Uint8Array(10 * FRAME).fill(SILENCE); // what smooths an uneven delivery

let socket = null;

const show = (state) => {
  for (const each of box.querySelectorAll("[data-state]")) each.hidden = each.dataset.state !== state;
  button.setAttribute("aria-pressed", String(state === "listening"));
};

const side = (context) => {
  const speaker = loudspeaker(context);
  let played = 0;
  let last = 0;
  speaker.port.onmessage = ({ data }) => {
    played = data.played ?? played;
    box.dataset.played = Math.max(played, Number(box.dataset.played ?? 0));
  };
  return (sound) => {
    if (!sound) return;
    const now = performance.now();
    if (now - last > QUIET_MS) speaker.port.postMessage({ frame: AHEAD });
    last = now;
    speaker.port.postMessage({ frame: fromBase64(sound) });
  };
};

const listen = async () => {
  const context = await openSound(box.dataset.worklet);
  const sides = { caller: side(context), agent: side(context) };
  socket = socketTo(box.dataset.listen);
  socket.onopen = () => show("listening");
  socket.onmessage = ({ data }) => {
    const sound = JSON.parse(data);
    sides.caller(sound.caller);
    sides.agent(sound.agent);
  };
  socket.onclose = ({ code }) => {
    socket = null;
    context.close();
    show(code === 1000 || code === 1005 ? "idle" : "failed");
  };
};

button.addEventListener("click", () => {
  if (socket) socket.close(1000);
  else listen().catch(() => show("failed"));
});
