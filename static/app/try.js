// The page on which the team talks to its agent: by voice, or in writing.

import { Telephone, openSound, socketTo } from "./telephone.js";

const page = document.getElementById("try");
const part = (name) => page.querySelector(`[data-part="${name}"]`);
const show = (state) => {
  for (const each of page.querySelectorAll("[data-state]")) each.hidden = each.dataset.state !== state;
};
const form = part("choice");

// What the server has to say, when it refuses.
class Refused extends Error {}

const begin = async (origin) => {
  const body = new FormData(form);
  body.set("origin", origin);
  const response = await fetch(form.action, { method: "POST", body });
  if (response.ok) return response.json();
  if (response.status !== 422) throw new Error(String(response.status));
  throw new Refused((await response.json()).error);
};

const failed = (error) => {
  if (error instanceof Refused) {
    part("refusal").textContent = error.message;
    show("refused");
  } else {
    show({ NotAllowedError: "forbidden", NotFoundError: "absent" }[error.name] ?? "failed");
  }
};

// By voice

const call = part("call");
const hangUp = part("hang-up");
const mute = part("mute");
const level = part("level");
const clock = part("clock");
let telephone = null;
let timer = null;
let polls = null;

const busy = (on) => {
  call.disabled = on;
  hangUp.disabled = !on;
  mute.disabled = !on;
  form.querySelectorAll("select").forEach((field) => (field.disabled = on));
  part("start-typing").disabled = on;
};

const ring = async () => {
  busy(true);
  show("asking");
  let microphone = null;
  try {
    if (!navigator.mediaDevices) throw Object.assign(new Error(), { name: "Insecure" });
    const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    microphone = await navigator.mediaDevices.getUserMedia({ audio: wanted });
    const context = await openSound(page.dataset.worklet);
    show("ringing");
    form.querySelectorAll("select").forEach((field) => (field.disabled = false));
    const test = await begin("browser");
    busy(true);
    telephone = new Telephone({
      context,
      microphone,
      path: test.socket,
      call: test.call,
      account: test.account,
      on: { level: meter, played: heard, closed: over },
    });
    follow(test.transcript);
    tick(performance.now());
  } catch (error) {
    microphone?.getTracks().forEach((track) => track.stop());
    busy(false);
    if (error.name === "Insecure") show("insecure");
    else failed(error);
  }
};

const meter = (loudest) => {
  level.value = Math.min(1, Math.sqrt(loudest));
};

const heard = (samples) => {
  page.dataset.played = samples;
  show("talking");
};

const tick = (began) => {
  timer = setInterval(() => {
    const seconds = Math.floor((performance.now() - began) / 1000);
    clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }, 500);
};

const look = (url) => window.htmx.ajax("GET", url, { target: "#conversation", swap: "innerHTML" });

const follow = (url) => {
  page.dataset.transcript = url;
  polls = setInterval(() => look(url), 1000);
};

const over = (code) => {
  clearInterval(timer);
  clearInterval(polls);
  telephone = null;
  level.value = 0;
  mute.setAttribute("aria-pressed", "false");
  mute.classList.remove("btn-active");
  busy(false);
  show(code === 1000 || code === 1005 ? "over" : "failed");
  // The last words are written after the line is closed.
  for (const pause of [300, 1500, 4000]) setTimeout(() => look(page.dataset.transcript), pause);
};

call.addEventListener("click", ring);
hangUp.addEventListener("click", () => telephone?.hangUp());
mute.addEventListener("click", () => {
  const muted = mute.getAttribute("aria-pressed") !== "true";
  mute.setAttribute("aria-pressed", String(muted));
  mute.classList.toggle("btn-active", muted);
  telephone?.mute(muted);
});
window.addEventListener("pagehide", () => telephone?.hangUp());

// In writing

const typing = part("typing");
const start = part("start-typing");
const words = typing.elements.words;
const log = document.getElementById("conversation");
let socket = null;

const line = (kind, text) => {
  const row = page.querySelector(`template[data-line="${kind}"]`).content.cloneNode(true);
  row.querySelector("[data-text]").textContent = text;
  log.append(row);
  log.lastElementChild.scrollIntoView({ block: "nearest" });
};

const ready = (on) => {
  words.disabled = !on;
  typing.querySelector("button").disabled = !on;
  if (on) words.focus();
};

const MESSAGES = {
  ready: () => {
    show("typing");
    ready(true);
  },
  agent: ({ text }) => line("agent", text),
  tool: ({ name, arguments: given }) => line("tool", `${name} ${given}`),
  over: ({ why }) => show({ limit: "limit", failed: "failed" }[why] ?? "over"),
};

start.addEventListener("click", async () => {
  busy(true);
  hangUp.disabled = mute.disabled = true;
  form.querySelectorAll("select").forEach((field) => (field.disabled = false));
  show("ringing");
  try {
    const test = await begin("typed");
    log.replaceChildren();
    socket = socketTo(test.socket);
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      MESSAGES[message.kind]?.(message);
    };
    socket.onclose = ({ code }) => {
      socket = null;
      ready(false);
      busy(false);
      if (code !== 1000) show("failed");
    };
    part("stop-typing").disabled = false;
  } catch (error) {
    busy(false);
    failed(error);
  }
});

part("stop-typing").addEventListener("click", () => {
  socket?.close(1000);
  part("stop-typing").disabled = true;
  show("over");
});

typing.addEventListener("submit", (event) => {
  event.preventDefault();
  event.stopPropagation();
  const text = words.value.trim();
  if (!text || !socket) return;
  line("caller", text);
  socket.send(JSON.stringify({ say: text }));
  words.value = "";
  ready(false);
  show("thinking");
});

busy(false);
ready(false);
page.dataset.ready = "yes";
