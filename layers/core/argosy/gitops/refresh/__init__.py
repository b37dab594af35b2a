"""When an Application is compared anew, and when it is synced by itself (pure)."""
