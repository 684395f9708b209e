-- The settings of TLS as values: copied and released.

local copy = require("moonroom.core").testkit.options.copy_tls

describe("settings of TLS", function()
  it("are copied whole, and leave nothing behind", function()
    for certificates = 0, 16 do
      assert.same({ true, 0, 0 }, { copy(certificates, 0) })
    end
  end)

  it("aren't copied in part, whichever allocation fails", function()
    for certificates = 0, 16 do
      local strings = 1 + 3 * certificates
      for nth = 1, strings do assert.same({ false, 0, 0 }, { copy(certificates, nth) }) end
      assert.same({ true, 0, 0 }, { copy(certificates, strings + 1) })
    end
  end)
end)
