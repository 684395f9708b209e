// Chromium against servers:
//   node chromium.js FIXTURE_URL CHAT_URL HTTPS_CHAT_URL     the checks, for chromium_spec.lua
//   node chromium.js --pictures DIRECTORY     pictures of examples/chat
//   node chromium.js --compressed FIXTURE_URL CHAT_URL     those of sockets, for compression_spec.lua
"use strict";

const { end } = require("./checks.js");
const { withBrowser } = require("./browser.js");
const { checkChat, checkSecureChat } = require("./chromium_chat.js");
const { checkSocket } = require("./chromium_socket.js");
const { takePictures } = require("./chromium_pictures.js");

async function main([first, second, third]) {
  if (first === "--pictures") {
    await takePictures(second);
    return;
  }
  if (first === "--compressed") {
    await withBrowser((browser) => checkSocket(browser, second, third, "permessage-deflate"));
    return;
  }
  await withBrowser(async (browser) => {
    await checkSocket(browser, first, second);
    await checkSecureChat(browser, third);
    await checkChat(browser, second);
  });
}

main(process.argv.slice(2)).then(() => end(0), (error) => {
  console.error(error);
  end(1);
});
