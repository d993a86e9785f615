/* Small conveniences of the plain pages; every page works without them. */
(() => {
  "use strict";

  function each(selector, act) { document.querySelectorAll(selector).forEach(act); }

  // Show or hide what is typed: a long password is mistyped on a phone.
  each("[data-show-password]", button => {
    const input = document.getElementById(button.dataset.showPassword);
    button.hidden = false;
    button.addEventListener("click", () => {
      const show = input.type === "password";
      input.type = show ? "text" : "password";
      button.textContent = show ? "隐藏" : "显示";
      button.setAttribute("aria-pressed", String(show));
      input.focus();
    });
    // A password shown at the time of submission would be offered by the browser as ordinary text.
    if (input.form) input.form.addEventListener("submit", () => { input.type = "password"; });
  });

  // Activation code: capitals, without spaces, a dash after four; full-width letters are those of a Chinese keyboard.
  function tidyCode(text) {
    const plain = text.replace(/[！-～]/g, wide => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
    const letters = plain.toUpperCase().replace(/[^A-Z0-9]/g, "");
    return letters.length > 4 ? letters.slice(0, 4) + "-" + letters.slice(4, 8) : letters;
  }
  each("[data-activation-code]", input => {
    let composing = false;
    function tidy() { if (!composing && input.selectionStart === input.value.length) input.value = tidyCode(input.value); }
    input.addEventListener("compositionstart", () => { composing = true; });
    input.addEventListener("compositionend", () => { composing = false; tidy(); });
    input.addEventListener("input", event => { if (!/^delete/.test(event.inputType || "")) tidy(); });
    input.addEventListener("blur", () => { input.value = tidyCode(input.value); });
  });

  // Two passwords that differ are said at once, not after a round trip.
  each("[data-mismatch]", note => {
    const form = note.closest("form");
    const first = form.elements.password;
    const second = form.elements.again;
    function compare() { note.hidden = !second.value || first.value === second.value; }
    first.addEventListener("change", compare);
    second.addEventListener("input", compare);
    form.addEventListener("submit", event => {
      compare();
      if (!note.hidden) { event.preventDefault(); event.stopImmediatePropagation(); second.focus(); }
    });
  });

  // One press, one request.
  each("form[data-once]", form => {
    form.addEventListener("submit", event => {
      if (event.defaultPrevented) return;
      const button = form.querySelector("button[type=submit]");
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "yes";
      button.dataset.label = button.textContent;
      button.textContent = button.dataset.busy || button.textContent;
    });
    window.addEventListener("pageshow", event => {
      const button = form.querySelector("button[type=submit]");
      if (!event.persisted) return;
      delete form.dataset.sent;
      if (button.dataset.label) button.textContent = button.dataset.label;
    });
  });

  each("[data-fill-account]", button => {
    button.addEventListener("click", () => {
      document.getElementById("account").value = button.dataset.fillAccount;
      document.getElementById("password").value = document.getElementById("demo-password").textContent;
      document.querySelector("form[action='/sign-in'] button[type=submit]").focus();
    });
  });

  // ---- starting an attempt

  function readKey(name) { try { return localStorage.getItem(name); } catch (refused) { return null; } }
  function writeKey(name, value) { try { localStorage.setItem(name, value); } catch (refused) { return false; } return true; }
  function dropKey(name) { try { localStorage.removeItem(name); } catch (refused) { return false; } return true; }

  function newKey() {
    const bytes = new Uint8Array(16); // crypto.randomUUID exists only under HTTPS
    crypto.getRandomValues(bytes);
    return Array.prototype.map.call(bytes, byte => (byte < 16 ? "0" : "") + byte.toString(16)).join("");
  }

  each("form[data-start]", form => {
    const place = "ankao:start:" + form.dataset.start;
    const button = form.querySelector("button[type=submit]");
    const label = button.textContent;
    const trouble = document.getElementById("start-trouble");
    // The same key until an answer has come: a request whose answer was lost must not open a second attempt.
    const key = readKey(place) || form.elements.key.value || newKey();
    writeKey(place, key);
    form.elements.key.value = key;
    let busy = false;

    function fail(text) {
      busy = false;
      button.disabled = false;
      button.textContent = label;
      trouble.textContent = text;
      trouble.hidden = false;
      trouble.scrollIntoView({ block: "center" });
    }

    async function start() {
      const aborter = window.AbortController ? new AbortController() : null;
      const alarm = setTimeout(() => { if (aborter) aborter.abort(); }, 15000);
      try {
        const response = await fetch("/api/v1/attempts", {
          method: "POST",
          credentials: "same-origin",
          headers: { "Content-Type": "application/json", "Idempotency-Key": key },
          body: JSON.stringify({ paper: Number(form.dataset.start) }),
          signal: aborter ? aborter.signal : undefined,
        });
        const data = await response.json().catch(() => null);
        if (response.ok && data && data.id !== undefined) {
          dropKey(place);
          location.assign("/exam/" + data.id);
        } else if (response.status === 401) {
          location.assign("/sign-in?next=/my");
        } else if (response.status < 500 && data && data.detail) {
          dropKey(place); // a refusal is an answer
          fail(data.detail);
        } else {
          fail("服务器暂时没有应答，请稍等片刻再点一次“开始答题”。不会重复计次。");
        }
      } catch (noAnswer) {
        fail("信号不好，没有连上服务器。请换个位置再点一次“开始答题”，不会重复计次。");
      } finally {
        clearTimeout(alarm);
      }
    }

    form.addEventListener("submit", event => {
      event.preventDefault();
      if (busy) return;
      busy = true;
      button.disabled = true;
      button.textContent = "正在取题…";
      trouble.hidden = true;
      start();
    });
  });

  // Coming back to the list by the back button: what it says about open attempts is old.
  if (document.querySelector("form[data-start]")) {
    window.addEventListener("pageshow", event => { if (event.persisted) location.reload(); });
  }
})();
