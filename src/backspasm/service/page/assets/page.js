// The page's own script: everything works without it as a plain form; it adds live updates, panels and keys.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const writes = (el) => el.matches("textarea, input:not([type=radio]):not([type=checkbox]):not([type=hidden])");
  const form = $("case");
  const meta = document.querySelector('meta[name="csrf-token"]');
  const proof = meta.content ? { [meta.dataset.header]: meta.content } : {}; // that a request comes from this page
  document.documentElement.classList.add("js");
  for (const b of document.querySelectorAll("#help-button")) b.hidden = false;
  const shown = () => document.querySelectorAll("[data-print]").forEach((b) => { b.hidden = false; });
  shown();

  // --- live updates: at once for choices, after a pause for text ---------------------------------------------------
  const wait = { note: 500 };
  let dirty = false, timer = 0; // dirty: something was entered that no request has carried yet
  const changed = () => {
    clearTimeout(timer);
    if (dirty) htmx.trigger(form, "case:changed");
  };
  form.addEventListener("change", (e) => {
    if (e.target.name === "find") return;
    if (!writes(e.target)) dirty = true; // of a text the input event has told
    changed();
  });
  form.addEventListener("input", (e) => {
    if (e.target.name === "find" || !writes(e.target)) return;
    dirty = true;
    clearTimeout(timer);
    timer = setTimeout(changed, wait[e.target.name] ?? 900);
  });
  form.addEventListener("paste", () => { clearTimeout(timer); timer = setTimeout(changed, 30); });

  form.addEventListener("submit", (e) => {
    const by = e.submitter;
    if (by && by.hasAttribute("formaction") && by.name !== "open") return; // a file or a leaflet: the browser fetches it
    e.preventDefault();
    clearTimeout(timer);
    if (!by || by.name !== "open") { dirty = true; changed(); }
  });

  document.addEventListener("htmx:configRequest", (e) => {
    Object.assign(e.detail.headers, proof);
    if (e.detail.path !== "/") return;
    clearTimeout(timer);
    dirty = false;
    for (const did of form.querySelectorAll('input[name="did"]')) did.dataset.sent = "";
  });

  // an update that fails must not leave the old answer standing as if it were the new one
  const stale = (text) => {
    const box = $("stale");
    box.textContent = text;
    box.hidden = !text;
    document.body.classList.toggle("is-stale", !!text);
  };
  const failed = (e) => {
    const why = e.detail.xhr && e.detail.xhr.status ? `the server refused it (${e.detail.xhr.status})` : "the server did not answer";
    stale(`Not up to date: ${why}. What is shown is from before your last change.`);
  };
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:sendError", failed);
  document.addEventListener("htmx:timeout", failed);
  document.addEventListener("htmx:beforeRequest", (e) => {
    if (e.detail.requestConfig.path === "/") document.body.classList.add("is-busy");
  });
  document.addEventListener("htmx:afterRequest", (e) => {
    if (e.detail.requestConfig.path !== "/") return;
    document.body.classList.remove("is-busy");
    if (e.detail.successful) stale("");
    for (const did of form.querySelectorAll("input[data-sent]")) e.detail.successful ? did.remove() : did.removeAttribute("data-sent");
  });

  // --- after an update: focus stays, errors are tied to their fields, the urgency is announced ----------------------
  let back = "", level = "";
  const bar = $("bar");
  // when the banner is scrolled out of view, one line of it stays
  const watch = new IntersectionObserver(([seen]) => { bar.hidden = seen.isIntersecting || seen.boundingClientRect.top > 0; });
  const announce = () => {
    const h = $("urgency-h");
    watch.disconnect();
    watch.observe($("urgency"));
    bar.className = h.dataset.kind || "none";
    const said = [[h.dataset.level, "level"], [h.dataset.why, "because"], [h.dataset.first, "likely"]].filter(([text]) => text);
    bar.replaceChildren(...said.map(([text, kind]) => { const s = document.createElement("span"); s.className = kind; s.textContent = text; return s; }));
    if (h.dataset.level === level) return;
    level = h.dataset.level;
    document.title = `${level} · Back pain: assess one patient`;
    $("announce").textContent = `Urgency: ${level.toLowerCase()}.` + (h.dataset.first ? ` Most probable: ${h.dataset.first}.` : "");
  };
  const errors = () => {
    for (const slot of document.querySelectorAll(".slot[data-for]")) {
      const field = form.elements[slot.dataset.for];
      if (field instanceof HTMLElement) field.setAttribute("aria-invalid", String(!!slot.querySelector(".error")));
    }
  };
  document.addEventListener("htmx:afterSettle", (e) => {
    shown();
    errors();
    if (e.detail.target && e.detail.target.id !== "answer") return;
    announce();
    if (document.activeElement === document.body && back) $(back)?.focus();
    back = "";
  });

  // --- buttons ------------------------------------------------------------------------------------------------------
  document.addEventListener("click", (e) => {
    const button = e.target.closest("button, a, summary");
    if (!button) return;
    if (button.dataset.sure && !window.confirm(button.dataset.sure)) { e.preventDefault(); e.stopImmediatePropagation(); return; }
    if (button.name === "do") {
      back = button.dataset.back || button.id;
      button.closest("details.menu")?.removeAttribute("open");
      if (button.closest("#found")) { $("find").value = ""; back = "find"; }
      if (/^(present|absent|unsure|none):/.test(button.value)) {
        // what was answered travels in the form until the server has taken it over: a second click cannot overtake it
        e.preventDefault();
        const did = document.createElement("input");
        Object.assign(did, { type: "hidden", name: "did", value: button.value });
        form.append(did);
        button.setAttribute("aria-pressed", "true");
        dirty = true;
        changed();
      }
    }
    if (button.name === "open") { e.preventDefault(); open(button.value, button); }
    if (button.dataset.close !== undefined) button.closest("dialog").close();
    if (button.dataset.backPanel !== undefined) { trail.pop(); load(trail[trail.length - 1]); }
    if (button.dataset.print !== undefined) window.print();
    if (button.id === "help-button") $("help").showModal();
    if (button.classList.contains("to-field")) { e.preventDefault(); go(button.hash.slice(1)); }
  }, true);
  const go = (id) => {
    const field = $(id);
    if (!field) return;
    field.closest("details")?.setAttribute("open", "");
    field.focus();
    field.scrollIntoView({ block: "center" });
  };

  // --- panels -------------------------------------------------------------------------------------------------------
  const dialog = $("panel"), trail = [];
  const open = (address) => {
    if (!dialog.open) trail.length = 0;
    trail.push(address);
    load(address);
  };
  const load = async (address) => {
    const body = $("panel-body");
    if (!dialog.open) { body.replaceChildren(line("Opening …")); dialog.showModal(); } else body.setAttribute("aria-busy", "true");
    const data = new URLSearchParams(new FormData(form));
    data.set("open", address);
    let text = "";
    try {
      const got = await fetch("/page/panel", { method: "POST", body: data, headers: { "HX-Request": "true", ...proof } });
      text = await got.text();
      if (!got.ok && !text.includes("failure")) text = "";
    } catch { text = ""; }
    body.removeAttribute("aria-busy");
    if (trail[trail.length - 1] !== address) return;
    if (text) body.innerHTML = text; else body.replaceChildren(line("It could not be opened: the server did not answer."), closer());
    if (!body.querySelector("[data-close]")) body.append(closer());
    const previous = body.querySelector("[data-back-panel]");
    if (previous) previous.hidden = trail.length < 2;
    dialog.scrollTop = 0;
    $("panel-title")?.focus();
  };
  const line = (text) => { const p = document.createElement("p"); p.id = "panel-title"; p.tabIndex = -1; p.textContent = text; return p; };
  const closer = () => { const b = document.createElement("button"); b.type = "button"; b.dataset.close = ""; b.textContent = "Close"; return b; };
  for (const d of document.querySelectorAll("dialog")) d.addEventListener("click", (e) => { if (e.target === d) d.close(); });

  // --- keys ---------------------------------------------------------------------------------------------------------
  const states = { y: "present", n: "absent", u: "unsure", r: "none" };
  const press = (element) => { if (element) { element.focus(); element.click(); } };
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.altKey || e.metaKey || e.defaultPrevented) return;
    const here = e.target, key = e.key.toLowerCase();
    if (here.id === "find") return inSearch(e);
    if (here.closest && here.closest("#found")) { if (inResults(e, here)) return; }
    if (e.key === "Escape") {
      const menu = here.closest && here.closest("details.menu[open], details.mk[open]");
      if (menu) { menu.removeAttribute("open"); menu.querySelector("summary").focus(); }
      return;
    }
    if (writes(here) || here.matches("select") || !$("single-keys").checked) return;
    const mark = here.closest("details.mk"), row = here.closest(".row");
    if ((mark || row) && states[key]) {
      e.preventDefault();
      if (mark) { mark.querySelector(`button[value^="${states[key]}:"]`)?.click(); return; }
      press(row.querySelector(`input[id$="-${states[key]}"]`));
      return;
    }
    if (dialog.open || $("help").open) return;
    if (key === "/") { e.preventDefault(); $("find").focus(); }
    if (key === "n") { e.preventDefault(); $("note").focus(); }
    if (key === "u") { e.preventDefault(); $("urgency").focus(); $("urgency").scrollIntoView(); }
    if (key === "q") { const q = $("ask-1-present"); if (q) { e.preventDefault(); q.focus(); q.scrollIntoView({ block: "center" }); } }
    if (e.key === "?") { e.preventDefault(); $("help").showModal(); }
  });
  const inSearch = (e) => {
    const rows = $("found").querySelectorAll("li");
    if (e.key === "Enter") {
      e.preventDefault();
      const acts = rows[0] ? rows[0].querySelectorAll(".acts button") : [];
      if (acts.length) acts[e.shiftKey ? 1 : 0].click();
      else rows[0]?.querySelector("a")?.click();
    }
    if (e.key === "ArrowDown" && rows.length) { e.preventDefault(); rows[0].querySelector("button, a").focus(); }
    if (e.key === "Escape") { $("find").value = ""; $("found").replaceChildren(); }
  };
  const inResults = (e, here) => {
    const li = here.closest("li"), all = [...li.querySelectorAll("button, a")];
    const to = { ArrowDown: li.nextElementSibling?.querySelector("button, a"), ArrowUp: li.previousElementSibling?.querySelector("button, a") || $("find"),
      ArrowRight: all[all.indexOf(here) + 1], ArrowLeft: all[all.indexOf(here) - 1], Escape: $("find") }[e.key];
    if (to) { e.preventDefault(); to.focus(); return true; }
    const wanted = { y: "present", n: "absent" }[e.key.toLowerCase()];
    const button = wanted && li.querySelector(`button[value^="${wanted}:"]`);
    if (button) { e.preventDefault(); button.click(); return true; }
    return false;
  };

  level = $("urgency-h").dataset.level;
  announce();
  errors();
})();
