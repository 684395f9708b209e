"""One line of JSON a check, for checks.lua."""

import asyncio
import json
import traceback

LIMIT = 15  # seconds


async def check(name, act, *arguments):
    """Makes a check: act fails by raising."""
    result = {"check": name, "ok": True}
    try:
        await asyncio.wait_for(act(*arguments), LIMIT)
    except Exception:
        result = {"check": name, "ok": False, "why": traceback.format_exc()}
    print(json.dumps(result), flush=True)
