/* The projector of a classroom: asks for the next code when the present one ends, counts who is in, says when the server is away. */
(() => {
  "use strict";
  const wall = document.querySelector("[data-screen]");
  if (!wall) return;
  const part = name => wall.querySelector("[data-" + name + "]");
  const trouble = part("trouble");
  const EVERY = 4000;
  const STEP = 15000;
  let ends = performance.now() + Number(wall.dataset.nextIn);
  let code = (part("code") || {}).textContent || "";

  function say(text) { trouble.textContent = text; trouble.hidden = !text; }

  function show(found) {
    if (found.open !== (wall.dataset.open === "yes")) { location.reload(); return; }
    part("time").textContent = found.time;
    if (!found.open) return;
    const digits = found.code.slice(0, 3) + " " + found.code.slice(3);
    if (digits !== code) { code = digits; part("code").textContent = digits; part("qr").src = found.qr; }
    for (const name of ["inside", "came", "registered"]) part(name).textContent = found[name];
    ends = performance.now() + found.next_in;
    wall.classList.remove("is-stale");
    say("");
  }

  async function ask() {
    const aborter = new AbortController();
    const alarm = setTimeout(() => aborter.abort(), 8000);
    try {
      const response = await fetch(wall.dataset.screen, { credentials: "same-origin", signal: aborter.signal });
      if (response.status === 401) { say("登录已失效，请刷新本页重新登录。"); wall.classList.add("is-stale"); return; }
      const found = await response.json();
      if (response.ok) show(found); else say(found.detail || "暂时不能签到。");
    } catch (away) {
      say("和服务器的连接中断，正在重连；恢复后自动显示新的签到码。");
    } finally {
      clearTimeout(alarm);
      setTimeout(ask, Math.max(200, Math.min(EVERY, ends - performance.now() + 60)));
    }
  }

  function draw() {
    const left = ends - performance.now();
    const bar = part("bar");
    if (bar) bar.style.transform = "scaleX(" + Math.max(0, Math.min(1, left / STEP)) + ")";
    if (left < -STEP) wall.classList.add("is-stale"); // an old code on the wall would only send people back
    requestAnimationFrame(draw);
  }

  const full = part("full");
  if (full && document.documentElement.requestFullscreen) {
    full.hidden = false;
    full.addEventListener("click", () => { if (document.fullscreenElement) document.exitFullscreen(); else document.documentElement.requestFullscreen(); });
  }
  setTimeout(ask, Math.max(200, Math.min(EVERY, ends - performance.now() + 60)));
  requestAnimationFrame(draw);
})();
