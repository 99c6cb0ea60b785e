//! What is told, how it reads, and how it leaves.

mod pages;
