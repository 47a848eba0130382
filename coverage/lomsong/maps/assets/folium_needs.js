/* Folium's own popups and markers call jQuery and AwesomeMarkers. These few lines stand in for both, so that native
   layers added to an offline map work without a quarter of a megabyte of libraries. Our own layers use neither. */
window.$ = window.$ || function (what) {
  if (typeof what !== "string") {
    return { ready: function (start) { start(); } };
  }
  const box = document.createElement("template");
  box.innerHTML = what.trim();
  return box.content.childNodes;
};
L.AwesomeMarkers = L.AwesomeMarkers || { icon: function () { return new L.Icon.Default(); } };
