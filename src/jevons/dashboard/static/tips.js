// What a chart says of a mark, beside the pointer. Without this a browser shows each title by itself.

const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
tip.setAttribute("aria-hidden", "true"); // whoever does not point reads the table below the chart
document.body.append(tip);

/** Take a mark's title, once, so that the browser does not show it too. */
function said(mark) {
  const title = mark.querySelector(":scope > title");
  if (title) {
    mark.dataset.tip = title.textContent;
    title.remove();
  }
  return mark.dataset.tip;
}

document.addEventListener("pointerover", (event) => {
  const mark = event.target.closest?.(".chart g, .chart [class^='ribbon'], .chart .spot");
  const text = mark && said(mark);
  tip.hidden = !text;
  tip.textContent = text || "";
});

document.addEventListener("pointermove", (event) => {
  if (tip.hidden) return;
  const { offsetWidth: wide, offsetHeight: tall } = tip;
  const x = Math.min(event.clientX + 14, innerWidth - wide - 8);
  const y = event.clientY + tall + 24 > innerHeight ? event.clientY - tall - 12 : event.clientY + 18;
  tip.style.transform = `translate(${Math.max(x, 8)}px, ${y}px)`;
});
