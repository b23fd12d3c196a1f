// News of calls: the server says that something has changed, and the page looks again. Whatever is
// lost on the way, the page looks by itself every few seconds.

import { socketTo } from "./telephone.js";

const news = document.querySelector("[data-live]");
const AGAIN_MS = 1000;
const AGAIN_AT_MOST_MS = 5000;
const TOGETHER_MS = 120; // what comes so close together is one look

const say = (away) => {
  for (const each of news.querySelectorAll("[data-news]")) {
    each.hidden = (each.dataset.news === "away") !== away;
  }
  news.dataset.away = String(away);
};

let due = null;
const look = () => {
  due ??= setTimeout(() => {
    due = null;
    window.htmx.trigger(document.body, "live-changed");
  }, TOGETHER_MS);
};

let pause = AGAIN_MS;
const listen = () => {
  const socket = socketTo(news.dataset.live);
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.kind === "hints") {
      say(message.away);
      pause = AGAIN_MS;
      look();
    } else if (message.kind === "changed") {
      look();
    }
  };
  socket.onclose = () => {
    say(true);
    setTimeout(listen, pause);
    pause = Math.min(2 * pause, AGAIN_AT_MOST_MS);
  };
};

if (news) listen();
