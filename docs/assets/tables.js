/* A table that is too wide scrolls in a frame, which the keyboard must reach. The theme adds the frames. */
const reachFrames = () => {
  for (const frame of document.querySelectorAll(".md-typeset__scrollwrap")) frame.tabIndex = 0;
};
new MutationObserver(reachFrames).observe(document.body, { childList: true, subtree: true });
reachFrames();
