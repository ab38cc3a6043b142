// Before the page is drawn, so that it does not flash.
"use strict";
const chosen = localStorage.getItem("mmskin:theme");
if (chosen) document.documentElement.dataset.theme = chosen;
