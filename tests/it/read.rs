//! What reading makes of a page.
