/** Lower case without diacritics; the Vietnamese đ becomes d. The same as `lomsong.text.fold`. */
export const fold = (text) =>
  text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐ]/g, "d").toLowerCase().replace(/\s+/g, " ").trim();
