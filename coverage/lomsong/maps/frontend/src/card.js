/* Popups. */
import { foreign, make } from "./make.js";
import { has, t } from "./words.js";

/** Where a popup may not lie; a narrow map has no such room and hides the controls instead. */
function roomForControls(map) {
  if (map.getSize().x < 700) return { autoPanPadding: [12, 12] };
  return { autoPanPaddingTopLeft: [58, 12], autoPanPaddingBottomRight: [124, 12] };
}

/** Open a popup, put the keyboard into it, and give the keyboard back when it closes. `write` makes what it says. */
export function openCard(map, where, write, { ready, onClose }) {
  const before = document.activeElement;
  const card = make("article", { class: "lomsong-card", tabindex: "-1", onkeydown: (event) => event.key === "Escape" && map.closePopup() }, ...write());
  const { x: wide, y: high } = map.getSize();
  const popup = L.popup({ maxWidth: Math.min(340, wide - 60), minWidth: Math.min(280, wide - 60), className: "lomsong-popup",
    maxHeight: Math.max(180, high - 110), ...roomForControls(map) });
  popup.setLatLng(where).setContent(card)
    .on("remove", () => {
      map.getContainer().classList.remove("lomsong-reading");
      onClose();
      const lost = document.activeElement === document.body || card.contains(document.activeElement);
      if (lost) before.focus({ preventScroll: true });
    })
    .openOn(map);
  const close = popup.getElement().querySelector(".leaflet-popup-close-button");
  if (close) close.setAttribute("aria-label", t("close"));
  map.getContainer().classList.add("lomsong-reading");
  card.focus({ preventScroll: true });
  let settled = false;
  ready.then(() => (settled = true));
  /* what popups alone need may still be on its way */
  Promise.resolve().then(() => !settled && ready.then(() => {
    card.replaceChildren(...write());
    popup.update();
  }));
}

/** A term and what is known about it. */
export function fact(list, term, words, known = words !== null) {
  list.append(make("dt", {}, term), make("dd", known ? {} : { class: "lomsong-unknown" }, known ? words : t("notKnown")));
}

/** Apply `say` to a cell, or return null where the cell is empty. */
export const said = (value, say) => (value === null || value === undefined ? null : say(value));

/** A word of a table in the reader's language, as it stands where it is no word of ours. */
export const lookUp = (group, word) => (has(group + "." + word) ? t(group + "." + word) : foreign(word));
