/* While a card is really being read, says so every 15 seconds; the server counts the time. */
(() => {
  "use strict";
  const place = document.querySelector("[data-study]");
  if (!place) return;
  const EVERY = 15000, TOUCHED_WITHIN = 60000;
  const minutes = place.querySelector("[data-minutes]");
  const said = place.querySelector("[data-said]");
  let touched = Date.now();
  let away = true;

  function tell(begin) {
    return fetch("/api/v1/me/study", {
      method: "POST",
      credentials: "same-origin",
      keepalive: true,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ card: place.dataset.study, begin: begin }),
    });
  }

  async function beat() {
    if (document.visibilityState !== "visible") return;
    if (Date.now() - touched > TOUCHED_WITHIN) {
      if (!away) said.textContent = "已暂停，点一下屏幕继续计时";
      away = true;
      return;
    }
    const begin = away;
    away = false;
    try {
      const answer = await tell(begin);
      if (!answer.ok) { said.textContent = answer.status === 401 ? "登录已失效，请重新登录" : "暂时没有计时"; return; }
      const now = await answer.json();
      minutes.textContent = now.minutes;
      const done = now.needed > 0 && now.minutes >= now.needed;
      place.classList.toggle("study-done", done);
      if (!away) said.textContent = done ? "已学够" : "正在计时";
    } catch (offline) {
      said.textContent = "信号不好，暂时没有计时";
    }
  }

  ["pointerdown", "pointermove", "keydown", "scroll", "touchstart"].forEach(name => {
    addEventListener(name, () => { touched = Date.now(); if (away) beat(); }, { passive: true });
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") { touched = Date.now(); beat(); return; }
    if (!away) tell(false).catch(() => { away = true; });
    away = true;
  });
  addEventListener("pagehide", () => { if (!away) tell(false).catch(() => { away = true; }); away = true; });
  beat();
  setInterval(beat, EVERY);
})();
