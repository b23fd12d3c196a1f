// The recording of a call: its sound as a picture, and the transcript that follows the playhead.

// More than an hour: drawing it would take the memory of a telephone, so it is only played.
const LARGEST = 120 * 1024 * 1024;
// Who looks elsewhere in the transcript is left alone for a while.
const PATIENCE_MS = 5000;

const player = document.getElementById("player");
const part = (name) => player.querySelector(`[data-part="${name}"]`);
const show = (state) => {
  for (const each of player.querySelectorAll("[data-state]")) each.hidden = each.dataset.state !== state;
};
const audio = part("audio");
const startsMs = Number(player.dataset.startsMs);

// The sound is fetched once and whole, when somebody wants to hear it: each answer of the server is
// written down as one listening.

let loading = null;
const load = () => {
  loading ??= fetched().catch((error) => {
    loading = null;
    show("failed");
    throw error;
  });
  return loading;
};

const fetched = async () => {
  show("fetching");
  const answer = await fetch(part("listen").href);
  // Who has been logged out meanwhile is led to another page.
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  const sound = await answer.blob();
  const known = new Promise((resolve, reject) => {
    audio.addEventListener("loadedmetadata", resolve, { once: true });
    audio.addEventListener("error", () => reject(new Error("no sound")), { once: true });
  });
  const drawn = sound.size <= LARGEST && (await draw(sound));
  if (!drawn) audio.src = URL.createObjectURL(sound);
  await known;
  show("ready");
};

// False: played without a picture. The element is the library's from here on: it sets its source.
const draw = async (sound) => {
  try {
    const { default: WaveSurfer } = await import("../vendor/wavesurfer.esm.js");
    const wave = WaveSurfer.create({
      container: part("wave"),
      media: audio,
      cspNonce: player.nonce,
      cursorColor: getComputedStyle(player).color,
      normalize: true,
      dragToSeek: true,
      ...look(),
    });
    // The picture may fail, or come late; the sound is there.
    wave.loadBlob(sound).catch(() => {});
    return true;
  } catch {
    return false;
  }
};

const look = () => {
  const rest = "rgb(128 128 128 / 0.6)";
  const line = (name, height) => ({
    height,
    waveColor: rest,
    progressColor: getComputedStyle(part(name) ?? part("listen")).color,
  });
  if (!part("person")) return { ...line("listen", 64), progressColor: getComputedStyle(player).color };
  return { splitChannels: [line("person", 32), line("agent", 32)] };
};

const play = () => audio.play().catch(() => {}); // refused: its button is on the page

for (const name of ["listen", "again"]) {
  part(name).addEventListener("click", (event) => {
    event.preventDefault();
    load().then(play, () => {});
  });
}

// The transcript

const entries = [...document.querySelectorAll("#conversation [data-at]")]
  .map((element) => ({ element, at: Number(element.dataset.at) }))
  .sort((one, other) => one.at - other.at);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let current = null;
let lookedAround = -PATIENCE_MS;

for (const gesture of ["wheel", "touchmove"]) {
  addEventListener(gesture, () => (lookedAround = performance.now()), { passive: true });
}

const follow = () => {
  const now = audio.currentTime * 1000 + startsMs;
  const entry = entries.findLast((each) => each.at <= now)?.element ?? null;
  if (entry === current) return;
  current?.removeAttribute("aria-current");
  entry?.setAttribute("aria-current", "true");
  current = entry;
  if (audio.paused || performance.now() - lookedAround < PATIENCE_MS) return;
  entry?.scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" });
};
for (const moment of ["timeupdate", "seeking"]) audio.addEventListener(moment, follow);

const jumpTo = async (at) => {
  try {
    await load();
  } catch {
    return; // said on the page
  }
  audio.currentTime = Math.max(0, (at - startsMs) / 1000);
  play();
};

// A time that is said becomes a time to go to; it takes no more room than before.
for (const { element, at } of entries) {
  const time = element.querySelector("time");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link -m-2 cursor-pointer p-2";
  button.title = player.dataset.jump;
  time.replaceWith(button);
  button.append(time);
  button.addEventListener("click", () => jumpTo(at));
}
