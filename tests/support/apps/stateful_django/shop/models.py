from django.db import models

from blog.models import Author


class Order(models.Model):
    buyer = models.ForeignKey(Author, on_delete=models.CASCADE)
